import { expect, test, type Request } from '@playwright/test';
import { Site, Todos, webUrl } from '../pages.ts';

test('nothing a script could read holds a token, and nothing complains', async ({ page, context }) => {
  const complaints: string[] = [];
  page.on('console', (message) => {
    // The tenant's pages are not Errand's.
    if (['error', 'warning'].includes(message.type()) && message.location().url.startsWith(webUrl())) {
      complaints.push(message.text());
    }
  });
  page.on('pageerror', (error) => complaints.push(error.message));

  const site = new Site(page);
  const todos = new Todos(page);
  await site.signUp();
  await todos.add('Buy milk');
  await page.getByRole('link', { name: 'Account' }).click();
  await page.getByText('Show the claims').click();
  await expect(page.getByRole('table')).toBeVisible();
  await page.goBack();
  await todos.shows('Buy milk');

  const readable = await page.evaluate(() => ({
    local: Object.entries(localStorage),
    session: Object.entries(sessionStorage),
    cookie: document.cookie,
    html: document.documentElement.outerHTML,
  }));
  expect(readable.local).toEqual([]);
  expect(readable.session).toEqual([]);
  // In which time zone the browser is, which any site can see; nothing else.
  expect(readable.cookie).toMatch(/^(time-zone=[\w/+-]+)?$/);
  // A JSON Web Token begins like this, whatever it says.
  expect(readable.html).not.toMatch(/eyJ[\w-]{10,}\./);
  for (const cookie of await context.cookies(webUrl())) {
    if (cookie.name === 'time-zone') continue;
    expect(cookie.httpOnly, cookie.name).toBe(true);
    expect(cookie.sameSite, cookie.name).toBe('Lax');
    expect(cookie.value, cookie.name).not.toMatch(/^eyJ/);
  }
  expect(complaints).toEqual([]);
});

test('a page runs only its own scripts, and nobody frames or keeps it', async ({ page }) => {
  await new Site(page).signUp();
  const answer = await page.goto(`${webUrl()}/todos`);
  const headers = answer?.headers() ?? {};
  const policy = headers['content-security-policy'] ?? '';
  expect(policy).toMatch(/script-src [^;]*'nonce-[\w+/=-]{16,}'/);
  expect(policy).toContain("frame-ancestors 'none'");
  expect(policy).toContain("object-src 'none'");
  expect(policy).toContain("base-uri 'none'");
  expect(policy).not.toContain('unsafe-inline');
  expect(policy).not.toContain("'unsafe-eval'");
  expect(headers['cache-control']).toContain('no-store');

  // Each page has a nonce of its own, and an inline script without it does not run.
  const second = (await page.goto(`${webUrl()}/todos`))?.headers()['content-security-policy'];
  expect(second).not.toBe(policy);
  await page.evaluate(() => {
    const script = document.createElement('script');
    script.textContent = 'window.planted = true';
    document.body.append(script);
  });
  expect(await page.evaluate(() => 'planted' in window)).toBe(false);
});

test('back after signing out shows nothing', async ({ page }) => {
  const site = new Site(page);
  await site.signUp();
  await new Todos(page).add('A private matter');
  await site.signOut();
  await page.goBack();
  await expect(page.getByText('A private matter')).toHaveCount(0);
});

test('a visitor’s home page loads no program, and a customer’s does', async ({ page, javaScriptEnabled }) => {
  const loaded = async () => {
    const files: string[] = [];
    const note = (request: Request) => files.push(new URL(request.url()).pathname);
    page.on('request', note);
    await page.goto(`${webUrl()}/`, { waitUntil: 'networkidle' });
    page.off('request', note);
    return files.filter((file) => /\.(js|wasm)$/.test(file));
  };
  const site = new Site(page);
  expect(await loaded()).toEqual([]);
  await expect(page.locator('script')).toHaveCount(0);
  await expect(site.signInLink()).toBeVisible();
  await site.signUp();
  if (javaScriptEnabled !== false) expect((await loaded()).join()).toMatch(/\.wasm/);
});
