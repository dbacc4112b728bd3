// Browsers as people have them: large letters, little room, helpers that change the page, as little motion as can be.
import { chromium, expect, test, type Page } from '@playwright/test';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Details, Site, Tenant, Todos, onAnotherDevice, webUrl, type Customer } from '../pages.ts';

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
    return controls.filter((c) => !seen(c) && !c.matches('li.todo > .check') && !(c.title && (c.getAttribute('aria-label') || c.textContent!.trim()))).map((c) => c.outerHTML);
  });
  expect(mute).toEqual([]);
});

/** Adds, completes, deletes, undoes and signs out; `settled` waits for a page that is to be used. What was done is there. */
async function useAll(page: Page, customer: Customer, settled: () => Promise<void>): Promise<void> {
  const site = new Site(page);
  const todos = new Todos(page);
  await settled();
  await todos.field().fill('Buy milk');
  await todos.field().press('Enter');
  await expect(todos.row('Buy milk')).toHaveCount(1);
  await settled();
  await todos.checkbox('Buy milk').click();
  await expect(todos.checkbox('Buy milk')).toBeChecked();
  await settled();
  await todos.press('Delete', 'Post the letter');
  await expect(todos.row('Post the letter')).toHaveCount(0);
  await settled();
  await todos.undo().click();
  await expect(todos.row('Post the letter')).toHaveCount(1);
  await todos.isSaved();
  await settled();
  await todos.press('Delete', 'Buy milk');
  await expect(todos.row('Buy milk')).toHaveCount(0);
  await todos.isSaved();
  await settled();
  await site.signOut();
  await page.unrouteAll({ behavior: 'wait' });
  await page.context().clearCookies();
  await site.open('/');
  await site.signInLink().click();
  await new Tenant(page).signIn(customer);
  await site.open('/todos');
  await todos.shows(number, 'Post the letter');
}

const number = 'Call +1 555-0100 dentist';

test('a phone that makes links of numbers, which it is asked not to, is in the way of nothing', async ({ page }) => {
  const site = new Site(page);
  const customer = await site.signUp();
  await expect(page.locator('meta[name=format-detection]')).toHaveAttribute('content', /telephone=no/);
  await new Todos(page).add(number, 'Post the letter');
  await site.openChanged((html) => html.replace(`>${number}<`, '>Call <a href="tel:+15550100">+1 555-0100</a> dentist<'));
  await useAll(page, customer, () => site.isAlive());
});

test('a translator that changes the page before it comes alive is in the way of nothing', async ({ page }) => {
  const site = new Site(page);
  const customer = await site.signUp();
  await new Todos(page).add(number, 'Post the letter');
  const errors: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text());
  });
  await site.openChanged((html) => html.replaceAll('>To-dos<', '><font><font>Aufgaben</font></font><'));
  await useAll(page, customer, () => site.isPlain());
  // For whoever looks after it.
  expect(errors.join()).toContain('A hydration error occurred');
});

test('a password manager that adds to the page before it comes alive is in the way of nothing', async ({ page }) => {
  const site = new Site(page);
  const customer = await site.signUp();
  await new Todos(page).add(number, 'Post the letter');
  const icon = '<span data-manager="1"></span>';
  await site.openChanged((html) =>
    html.replaceAll('</form>', `${icon}</form>`).replace('</body>', '<div id="manager-overlay"></div></body>'),
  );
  await useAll(page, customer, () => site.isAlive());
});

/** A page that a translator changes while it is alive: it wraps each text, or puts another one in its place as Google's does. */
async function worksTranslated(page: Page, isReplaced: boolean): Promise<void> {
  await new Site(page).signUp();
  const todos = new Todos(page);
  await todos.add('Call the bank', 'Post the letter');
  const errors: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text());
  });
  page.on('pageerror', (error) => errors.push(error.message));
  await page.evaluate((isReplaced) => {
    const texts = document.createTreeWalker(document.querySelector('main')!, NodeFilter.SHOW_TEXT);
    const found: Text[] = [];
    while (texts.nextNode()) found.push(texts.currentNode as Text);
    for (const text of found.filter((text) => text.data.trim() !== '')) {
      const [outer, inner] = [document.createElement('font'), document.createElement('font')];
      outer.append(inner);
      text.replaceWith(outer);
      inner.append(isReplaced ? document.createTextNode(text.data) : text);
    }
  }, isReplaced);
  await expect(page.locator('main .count font')).not.toHaveCount(0);
  await todos.field().fill('Buy milk');
  await todos.field().press('Enter');
  await expect(todos.row('Buy milk')).toHaveCount(1);
  await expect(todos.count()).toContainText('3');
  await todos.checkbox('Call the bank').click();
  await expect(todos.checkbox('Call the bank')).toBeChecked();
  await expect(todos.count()).toContainText('2');
  await todos.press('Delete', 'Post the letter');
  await expect(todos.row('Post the letter')).toHaveCount(0);
  await expect(todos.count()).toContainText('1');
  await todos.isSaved();
  expect(errors).toEqual([]);
  await page.reload();
  await todos.shows('Call the bank', 'Buy milk');
}

test('a translator that changes the page once it is alive is in the way of nothing', async ({ page }) => {
  await worksTranslated(page, false);
});

test('a translator that replaces the words of a page that is alive is in the way of nothing', async ({ page }) => {
  await worksTranslated(page, true);
});

test('a text that another device changes is shown as it is, where a phone made a link of a number', async ({ page, browser }) => {
  const site = new Site(page);
  const customer = await site.signUp();
  const todos = new Todos(page);
  await todos.add(number);
  await site.openChanged((html) => html.replace(`>${number}<`, '>Call <a href="tel:+15550100">+1 555-0100</a> dentist<'));
  await site.isAlive();
  await onAnotherDevice(browser, customer, async (elsewhere) => {
    await elsewhere.press('Edit', number);
    await elsewhere.editField().fill('Call Bob');
    await elsewhere.editField().press('Enter');
    await elsewhere.isSaved();
  });
  await todos.shows('Call Bob');
});

test('without its program, which a network may keep back, the page works as plain forms', async ({ page }) => {
  const site = new Site(page);
  const customer = await site.signUp();
  const todos = new Todos(page);
  await todos.add(number, 'Post the letter');
  let refused = 0;
  await page.route('**/*.wasm', (route) => {
    refused += 1;
    return route.abort();
  });
  await page.goto(`${webUrl()}/todos`);
  await expect.poll(() => refused).toBeGreaterThan(0);
  await useAll(page, customer, () => expect(page.locator('html')).not.toHaveAttribute('data-hydrated'));
});

test('the page is used before its program is there, and nothing is lost when it comes', async ({ page }) => {
  const site = new Site(page);
  await site.signUp();
  const todos = new Todos(page);
  await todos.add('Call the bank', 'Post the letter');
  let arrive = () => {};
  const arrived = new Promise<void>((resolve) => (arrive = resolve));
  await page.route('**/*.wasm', async (route) => {
    await arrived;
    await route.continue().catch(() => undefined);
  });
  await page.goto(`${webUrl()}/todos`, { waitUntil: 'commit' });
  await todos.field().fill('Buy milk');
  await todos.field().press('Enter');
  await todos.shows('Call the bank', 'Post the letter', 'Buy milk');
  await todos.checkbox('Buy milk').click();
  await expect(todos.checkbox('Buy milk')).toBeChecked();
  await todos.press('Delete', 'Call the bank');
  await todos.shows('Post the letter', 'Buy milk');
  await expect(page.locator('html')).not.toHaveAttribute('data-hydrated');

  await todos.field().fill('Water the');
  arrive();
  await site.isAlive();
  await expect(todos.field()).toHaveValue('Water the');
  await expect(todos.field()).toBeFocused();
  await page.keyboard.type(' plants');
  await page.keyboard.press('Enter');
  await todos.shows('Post the letter', 'Buy milk', 'Water the plants');
  await todos.isSaved();
  await page.reload();
  await todos.shows('Post the letter', 'Buy milk', 'Water the plants');
});

test('on paper are the to-dos, and nothing to press', async ({ page }) => {
  await page.emulateMedia({ colorScheme: 'dark' });
  await new Site(page).signUp();
  const todos = new Todos(page);
  await todos.add('Buy milk', 'Call the bank', 'Water the plants');
  await todos.checkbox('Call the bank').click();
  await new Details(page).open('Buy milk');
  await new Details(page).choose('Today');
  await todos.isSaved();
  await page.emulateMedia({ colorScheme: 'dark', media: 'print' });
  await expect(page.getByRole('heading', { level: 1, name: 'To-dos' })).toBeVisible();
  await todos.shows('Buy milk', 'Call the bank', 'Water the plants');
  for (const text of await todos.rows().locator('.todo__text').all()) {
    await expect(text).toBeVisible();
    // Dark letters on paper, in dark mode too.
    await expect(text).toHaveCSS('color', /^rgb\((\d|[1-6]\d), (\d|[1-6]\d), (\d|[1-6]\d)\)$/);
  }
  await expect(page.locator('html')).toHaveCSS('background-color', 'rgb(255, 255, 255)');
  await expect(todos.row('Buy milk').getByText('Today')).toBeVisible();
  await expect(todos.checkbox('Call the bank')).toBeVisible();
  const controls = page.locator('button:not([role=checkbox]), input, select, textarea, nav').filter({ visible: true });
  expect(await controls.evaluateAll((all) => all.map((control) => control.outerHTML))).toEqual([]);
});

test('it can be installed', async ({ browser }) => {
  for (const lang of ['en', 'es']) {
    const page = await browser.newPage({ locale: lang });
    await new Site(page).open('/');
    const link = await page.locator('link[rel=manifest]').getAttribute('href');
    const answer = await page.request.get(webUrl() + link);
    expect(answer.headers()['content-type']).toContain('application/manifest+json');
    const manifest = await answer.json();
    expect(manifest).toMatchObject({ name: 'Errand', short_name: 'Errand', start_url: '/todos', scope: '/', display: 'standalone', lang });
    const sizes = new Set<string>();
    for (const { src, sizes: said, type } of manifest.icons as { src: string; sizes: string; type: string }[]) {
      const icon = await page.request.get(webUrl() + src);
      expect(icon.ok(), src).toBe(true);
      expect(icon.headers()['content-type'], src).toContain(type);
      const width = await page.evaluate(async (src) => {
        const image = new Image();
        image.src = src;
        await image.decode();
        return image.naturalWidth;
      }, src);
      if (said !== 'any') expect(`${width}x${width}`, src).toBe(said);
      sizes.add(said);
    }
    // What browsers ask for before they offer it.
    expect([...sizes]).toEqual(expect.arrayContaining(['192x192', '512x512']));
    await page.context().close();
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
