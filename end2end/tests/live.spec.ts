// What one device changes, the others show: no reload, no focus, within a second.
import { expect, test, type Browser, type Page } from '@playwright/test';
import { Site, Todos, onAnotherDevice, secondDevice, webUrl } from '../pages.ts';

/** How often the page has fetched the list. */
function countFetches(page: Page): () => number {
  let count = 0;
  page.on('request', (request) => {
    if (request.url() === `${webUrl()}/actions/todos/list`) count += 1;
  });
  return () => count;
}

/** Resolves when the page's stream is open. */
const listens = (page: Page) => page.waitForResponse((answer) => answer.url().startsWith(`${webUrl()}/events`) && answer.ok());

test('another device shows a change within a second', async ({ page, browser }) => {
  const customer = await new Site(page).signUp();
  const here = new Todos(page);
  const other = await secondDevice(browser, customer);
  const there = new Todos(other);

  await here.add('Buy milk');
  await there.shows('Buy milk');
  // The streams are open by now.
  await here.field().fill('Call the bank');
  await here.field().press('Enter');
  await expect(here.row('Call the bank')).toHaveCount(1);
  await expect(there.row('Call the bank')).toHaveCount(1, { timeout: 1_000 });

  await here.isSaved();
  await there.checkbox('Buy milk').click();
  await expect(here.checkbox('Buy milk')).toBeChecked({ timeout: 1_000 });
  await there.isSaved();
  await there.press('Delete', 'Call the bank');
  await here.shows('Buy milk');
  await other.context().close();
});

test('another tab shows a change within a second', async ({ page, context }) => {
  await new Site(page).signUp();
  const here = new Todos(page);
  const other = await context.newPage();
  const listening = listens(other);
  await new Site(other).open('/todos');
  await listening;
  const there = new Todos(other);
  await here.add('Buy milk');
  await there.shows('Buy milk');
  await here.field().fill('Call the bank');
  await here.field().press('Enter');
  await expect(there.row('Call the bank')).toHaveCount(1, { timeout: 1_000 });
  await here.isSaved();
  await here.checkbox('Buy milk').click();
  await expect(there.checkbox('Buy milk')).toBeChecked({ timeout: 1_000 });
  await there.press('Delete', 'Call the bank');
  await expect(here.row('Call the bank')).toHaveCount(0, { timeout: 1_000 });
});

/** Marks a to-do as done on another device while this page hears nothing; `wake` lets it look again. */
async function catchUp(page: Page, browser: Browser, asleep: () => Promise<void>, wake: () => Promise<void>): Promise<void> {
  const customer = await new Site(page).signUp();
  const todos = new Todos(page);
  await page.route('**/events**', (route) => route.abort());
  await page.reload();
  await new Site(page).isAlive();
  await todos.add('Buy milk');
  await asleep();
  const fetches = countFetches(page);
  await onAnotherDevice(browser, customer, async (elsewhere) => {
    await elsewhere.checkbox('Buy milk').click();
    await expect(elsewhere.checkbox('Buy milk')).toBeChecked();
    await elsewhere.isSaved();
  });
  await expect(todos.checkbox('Buy milk')).not.toBeChecked();
  expect(fetches()).toBe(0);
  await wake();
  await expect(todos.checkbox('Buy milk')).toBeChecked();
}

test('a page that hears nothing fetches the list again when its window gets the focus', async ({ page, browser }) => {
  const wake = () => page.evaluate(() => void window.dispatchEvent(new Event('focus')));
  await catchUp(page, browser, async () => {}, wake);
});

test('a page that hears nothing fetches the list again when there is a network again', async ({ page, browser }) => {
  const network = page.context();
  await catchUp(page, browser, () => network.setOffline(true), () => network.setOffline(false));
});

test('a change from elsewhere takes nothing that is being typed', async ({ page, browser }) => {
  const customer = await new Site(page).signUp();
  const here = new Todos(page);
  await here.add('Buy milk');
  const other = await secondDevice(browser, customer);
  const there = new Todos(other);
  await there.press('Edit', 'Buy milk');
  await there.editField().fill('Buy oat mi');
  await here.add('Call the bank');
  await expect(there.row('Call the bank')).toHaveCount(1);
  await expect(there.editField()).toHaveValue('Buy oat mi');
  await expect(there.editField()).toBeFocused();
  await other.context().close();
});

test('a page fetches nothing for what it changed itself', async ({ page }) => {
  await new Site(page).signUp();
  const todos = new Todos(page);
  const listening = listens(page);
  await page.reload();
  await listening;
  await new Site(page).isAlive();
  const fetches = countFetches(page);
  await todos.add('Buy milk');
  // As it does anyway, once nothing is on its way any more.
  await expect.poll(fetches).toBe(1);
  await page.waitForTimeout(1_000);
  expect(fetches()).toBe(1);
});

test('a tab that nobody sees does not listen, and catches up when it is looked at', async ({ page, browser }) => {
  const customer = await new Site(page).signUp();
  const here = new Todos(page);
  const other = await secondDevice(browser, customer);
  const hide = async (hidden: boolean) =>
    other.evaluate((hidden) => {
      Object.defineProperty(document, 'hidden', { configurable: true, get: () => hidden });
      document.dispatchEvent(new Event('visibilitychange', { bubbles: true }));
    }, hidden);
  await hide(true);
  await here.add('Buy milk');
  await other.waitForTimeout(1_000);
  await expect(new Todos(other).rows()).toHaveCount(0);
  await hide(false);
  await new Todos(other).shows('Buy milk');
  await other.context().close();
});

test('a page that was offline is up to date when it is online again', async ({ page, browser }) => {
  const customer = await new Site(page).signUp();
  const here = new Todos(page);
  const other = await secondDevice(browser, customer);
  await other.context().setOffline(true);
  await here.add('Buy milk');
  await other.context().setOffline(false);
  await new Todos(other).shows('Buy milk');
  await other.context().close();
});

test('signing out ends the stream, and the page that listened says so', async ({ page, browser }) => {
  const customer = await new Site(page).signUp();
  const here = new Todos(page);
  const other = await secondDevice(browser, customer);
  await here.add('Buy milk');
  await new Todos(other).shows('Buy milk');
  // The session goes without a word to this tab: a request of its own, as another browser's would be.
  await other.request.post(`${webUrl()}/auth/sign-out`, { headers: { 'sec-fetch-site': 'same-origin' }, maxRedirects: 0 });
  await here.add('Call the bank');
  await expect(other.getByText('Call the bank')).toHaveCount(0);
  await expect(other.getByRole('alert').or(other.getByRole('link', { name: 'Sign in' })).first()).toBeVisible({ timeout: 30_000 });
  await expect(other.getByText('Buy milk')).toBeHidden();
  await other.context().close();
});
