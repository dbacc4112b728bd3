// Browsers as people have them: large letters, little room, helpers that change the page, as little motion as can be.
import { chromium, expect, test, type Page } from '@playwright/test';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Details, Site, Todos, webUrl } from '../pages.ts';

/** Nothing to scroll sideways for. */
async function fits(page: Page, what: string): Promise<void> {
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect.soft(overflow, `${what}: sideways scrolling`).toBeLessThanOrEqual(0);
}

test('letters twice as large on a phone, and 400 % zoom, need no sideways scrolling', async ({ page }, info) => {
  const site = new Site(page);
  await site.signUp();
  await new Todos(page).add('Buy milk', 'Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetz');
  const cookies = await page.context().cookies();

  // The setting of the browser, which a page cannot make and style sheets must respect.
  const profile = mkdtempSync(path.join(tmpdir(), 'errand-large-letters-'));
  mkdirSync(path.join(profile, 'Default'));
  const fonts = { webkit: { webprefs: { default_font_size: 32, default_fixed_font_size: 32 } } };
  writeFileSync(path.join(profile, 'Default', 'Preferences'), JSON.stringify(fonts));
  const { launchOptions } = info.project.use;
  const large = await chromium.launchPersistentContext(profile, { ...launchOptions, viewport: { width: 390, height: 844 } });
  try {
    await large.addCookies(cookies);
    const phone = await large.newPage();
    await new Site(phone).open('/todos');
    expect(await phone.evaluate(() => getComputedStyle(document.documentElement).fontSize)).toBe('32px');
    await fits(phone, 'the list, 32 px letters');
    await new Details(phone).open('Buy milk');
    await fits(phone, 'the details, 32 px letters');
    for (const address of ['/', '/account', '/todos/planned', '/no-such-page', '/sign-in-problem?reason=expired']) {
      await new Site(phone).open(address);
      await fits(phone, `${address}, 32 px letters`);
    }
  } finally {
    await large.close();
    rmSync(profile, { recursive: true, force: true });
  }

  // 1280 px at 400 % (WCAG 2.1, 1.4.10).
  await page.setViewportSize({ width: 320, height: 256 });
  for (const address of ['/todos', '/account', '/']) {
    await site.open(address);
    await fits(page, `${address}, 400 %`);
  }
});

test('a button without words says what it does, to the pointer too', async ({ page }) => {
  await new Site(page).signUp();
  await new Todos(page).add('Buy milk');
  await new Details(page).open('Buy milk');
  const mute = await page.evaluate(() => {
    const controls = [...document.querySelectorAll<HTMLElement>('button, a[href], summary')].filter((c) => c.checkVisibility());
    // What is there for screen readers only is not to be seen; a row's checkbox stands beside its text.
    const seen = (c: HTMLElement) => [...c.childNodes].some((node) => {
      if (node.nodeType === Node.TEXT_NODE) return node.textContent!.trim() !== '';
      if (!(node instanceof HTMLElement)) return false;
      return node.textContent!.trim() !== '' && node.getBoundingClientRect().width > 1;
    });
    return controls.filter((c) => !seen(c) && !c.hasAttribute('aria-labelledby') && !(c.title && (c.getAttribute('aria-label') || c.textContent!.trim()))).map((c) => c.outerHTML);
  });
  expect(mute).toEqual([]);
});

test('a phone, a translator and a password manager may change the page before it comes alive', async ({ page }) => {
  await new Site(page).signUp();
  const todos = new Todos(page);
  await todos.add('Call +1 555-0100 dentist');
  const changes: Record<string, (body: string) => string> = {
    'a phone that makes links of numbers': (body) =>
      body.replace('>Call +1 555-0100 dentist<', '>Call <a href="tel:+15550100">+1 555-0100</a> dentist<'),
    'a translator': (body) => body.replaceAll('>To-dos<', '><font><font>Aufgaben</font></font><'),
    'a password manager': (body) =>
      body
        .replace('</form>', '<span data-manager="1" style="position:absolute"></span></form>')
        .replace('</body>', '<div id="manager-overlay"></div></body>'),
  };
  let number = 0;
  for (const [who, change] of Object.entries(changes)) {
    await page.route(`${webUrl()}/todos`, async (route) => {
      if (route.request().method() !== 'GET') return route.fallback();
      const answer = await route.fetch();
      const body = await answer.text();
      const changed = change(body);
      expect(changed, who).not.toBe(body);
      await route.fulfill({ response: answer, body: changed });
    });
    await page.goto(`${webUrl()}/todos`);
    await page.waitForLoadState('networkidle');
    number += 1;
    // By script or as a plain form: what is entered is there, once.
    await todos.field().fill(`Entered ${number}`);
    await todos.field().press('Enter');
    await expect(todos.row(`Entered ${number}`), who).toHaveCount(1);
    await page.unrouteAll({ behavior: 'wait' });
    await new Site(page).open('/todos');
    await expect(todos.row(`Entered ${number}`), `${who}, after a reload`).toHaveCount(1);
  }
});

test('nothing moves for who wants no motion, and nothing jumps while the page comes alive', async ({ page }) => {
  await new Site(page).signUp();
  const todos = new Todos(page);
  await todos.add('Buy milk', 'Call the bank');
  await page.addInitScript(() => {
    const shifts: number[] = [];
    Object.assign(window, { shifts });
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) shifts.push((entry as unknown as { value: number }).value);
    }).observe({ type: 'layout-shift', buffered: true });
  });
  for (const address of ['/todos', '/account', '/']) {
    await new Site(page).open(address);
    await page.waitForLoadState('networkidle');
    const shifts = await page.evaluate(() => (window as unknown as { shifts: number[] }).shifts);
    expect(shifts.reduce((sum, value) => sum + value, 0), address).toBeLessThan(0.01);
  }
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await new Site(page).open('/todos');
  await todos.field().fill('Water the plants');
  await todos.field().press('Enter');
  const moving = await page.evaluate(() => {
    const lasting = (animation: Animation) => Number(animation.effect?.getComputedTiming().endTime) > 20;
    return document.getAnimations().filter(lasting).length;
  });
  expect(moving).toBe(0);
});
