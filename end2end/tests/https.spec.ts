// Case 98: the web server as it is in production, behind TLS: cookies with the prefix that no sibling host can set, and
// their removal, which browsers only take with the attributes that they were set with.
import { expect, test, type BrowserContext } from '@playwright/test';
import { freePort, startErrand, type Errand } from '../errand.ts';
import { newCustomer, Site, Tenant, Todos } from '../pages.ts';
import { startTlsProxy } from '../tls-proxy.ts';

const host = 'errand.localhost';
let errand: Errand;
let endProxy: () => Promise<void>;
let others: Record<string, string | undefined>;

test.use({ ignoreHTTPSErrors: true });

test.beforeAll(async () => {
  const port = await freePort();
  const url = `https://${host}:${port}`;
  errand = await startErrand('errand-https', () => ({ ERRAND_WEB__PUBLIC_URL: url }));
  endProxy = await startTlsProxy(host, port, errand.web);
  others = { ERRAND_WEB_URL: process.env.ERRAND_WEB_URL, ERRAND_TENANT_URL: process.env.ERRAND_TENANT_URL };
  Object.assign(process.env, { ERRAND_WEB_URL: url, ERRAND_TENANT_URL: errand.tenant });
});

test.afterAll(async () => {
  Object.assign(process.env, others);
  await endProxy?.();
  await errand?.stop();
});

/** What the pages' scripts tell the server, and leave where it is: which day it is for whoever uses this browser. */
const told = 'time-zone';

/** The cookies that the web server has set. */
async function cookies(context: BrowserContext) {
  const all = (await context.cookies()).filter((cookie) => cookie.domain === host);
  for (const cookie of all.filter((cookie) => cookie.name === told)) {
    expect(cookie).toMatchObject({ secure: true, sameSite: 'Lax', path: '/' });
  }
  return all.filter((cookie) => cookie.name !== told);
}

test('a customer signs up, keeps a to-do and signs out, and no cookie is left', async ({ page, context }) => {
  const site = new Site(page);
  const answers: { url: string; headers: Record<string, string> }[] = [];
  page.on('response', (answer) => answers.push({ url: answer.url(), headers: answer.headers() }));
  await site.signUp(newCustomer());
  const todos = new Todos(page);
  await todos.add('Over TLS');
  await page.reload();
  await todos.shows('Over TLS');

  const kept = await cookies(context);
  expect(kept.map((cookie) => cookie.name).sort()).toEqual(['__Host-errand', '__Host-errand-author']);
  for (const cookie of kept) expect(cookie).toMatchObject({ secure: true, httpOnly: true, sameSite: 'Lax', path: '/' });
  const ours = answers.filter((answer) => new URL(answer.url).hostname === host);
  expect(ours.length).toBeGreaterThan(3);
  for (const answer of ours) expect(answer.headers['strict-transport-security'], answer.url).toMatch(/^max-age=\d{8}/);

  await site.signOut();
  expect(await cookies(context)).toEqual([]);
});

test('a browser that was signed out from elsewhere says so, and asks for the password', async ({ page, context, browser, javaScriptEnabled }) => {
  const site = new Site(page);
  const customer = await site.signUp(newCustomer());
  const second = await browser.newContext({ javaScriptEnabled, ignoreHTTPSErrors: true });
  const other = await second.newPage();
  const elsewhere = new Site(other);
  await elsewhere.open('/');
  await elsewhere.signInLink().click();
  await new Tenant(other).signIn(customer);
  await elsewhere.isAlive();

  await page.goto(`${process.env.ERRAND_WEB_URL}/account`);
  await site.isAlive();
  await page.getByRole('button', { name: 'Sign out everywhere else' }).click();
  await expect(page.getByRole('button', { name: 'Sign out everywhere else' })).toHaveCount(0);

  // F5, the session of the provider still there: not in again without a word.
  await other.goto(`${process.env.ERRAND_WEB_URL}/todos`);
  await expect(other.getByRole('heading', { level: 1, name: 'You were signed out from another browser' })).toBeVisible();
  await other.getByRole('main').getByRole('link', { name: 'Sign in' }).click();
  await expect(new Tenant(other).password()).toBeVisible();
  await new Tenant(other).signIn(customer);
  await expect(new Todos(other).field()).toBeVisible();
  // What told that it was signed out from elsewhere is gone, too.
  const kept = (await cookies(second)).map((cookie) => cookie.name).sort();
  expect(kept).toEqual(['__Host-errand', '__Host-errand-author']);
  await second.close();
  expect((await cookies(context)).map((cookie) => cookie.name)).toContain('__Host-errand');
});

test('opened at another name, the sign-in goes on at the right one', async ({ page }) => {
  await page.goto(`${errand.web}/auth/sign-in?return_to=%2Ftodos`);
  await expect(new Tenant(page).password()).toBeVisible();
  const customer = newCustomer();
  await page.getByRole('link', { name: /Create one|Sign up/ }).click();
  await new Tenant(page).signUp(customer);
  await expect(page).toHaveURL(`${process.env.ERRAND_WEB_URL}/todos`);
});
