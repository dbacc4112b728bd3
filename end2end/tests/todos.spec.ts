import { expect, test } from '@playwright/test';
import { Site, Tenant, Todos, newCustomer, webUrl } from '../pages.ts';

test.beforeEach(async ({ page }) => {
  await new Site(page).signUp();
});

test('to-dos are added, completed and counted, and survive a reload', async ({ page }) => {
  const todos = new Todos(page);
  await todos.add('Buy milk', 'Call the bank');
  await expect(todos.count()).toHaveText('2 items left');

  await todos.checkbox('Buy milk').click();
  await expect(todos.checkbox('Buy milk')).toBeChecked();
  await expect(todos.count()).toHaveText('1 item left');
  await todos.isSaved();

  await page.reload();
  await todos.shows('Buy milk', 'Call the bank');
  await expect(todos.checkbox('Buy milk')).toBeChecked();
  await expect(todos.checkbox('Call the bank')).not.toBeChecked();
});

test('an empty to-do is not added', async ({ page }) => {
  const todos = new Todos(page);
  await todos.field().fill('   ');
  await todos.field().press('Enter');
  await expect(todos.rows()).toHaveCount(0);
});

test('a to-do is edited; an empty text deletes it', async ({ page }) => {
  const todos = new Todos(page);
  await todos.add('Buy milk', 'Call the bank');
  await todos.press('Edit', 'Buy milk');
  await expect(todos.editField()).toHaveValue('Buy milk');
  await todos.editField().fill('Buy oat milk');
  await todos.editField().press('Enter');
  await todos.shows('Buy oat milk', 'Call the bank');
  await todos.isSaved();

  await todos.press('Edit', 'Buy oat milk');
  await todos.editField().fill('');
  await todos.editField().press('Enter');
  await todos.shows('Call the bank');
});

test('cancelling an edit changes nothing', async ({ page }) => {
  const todos = new Todos(page);
  await todos.add('Buy milk');
  await todos.press('Edit', 'Buy milk');
  await todos.editField().fill('Buy a horse');
  await page.getByRole('link', { name: 'Cancel' }).click();
  await todos.shows('Buy milk');
});

test('a double click edits, Escape cancels, leaving saves', async ({ page, javaScriptEnabled }) => {
  test.skip(javaScriptEnabled === false, 'keys and double clicks need scripts');
  const todos = new Todos(page);
  await todos.add('Buy milk');
  await page.getByText('Buy milk', { exact: true }).dblclick();
  await expect(todos.editField()).toBeFocused();
  await todos.editField().fill('Buy a horse');
  await todos.editField().press('Escape');
  await todos.shows('Buy milk');

  await page.getByText('Buy milk', { exact: true }).dblclick();
  await todos.editField().fill('Buy oat milk');
  await page.getByRole('heading', { level: 1 }).click();
  await todos.shows('Buy oat milk');
});

test('filters are addresses', async ({ page }) => {
  const todos = new Todos(page);
  await todos.add('Buy milk', 'Call the bank');
  await todos.checkbox('Buy milk').click();
  await expect(todos.checkbox('Buy milk')).toBeChecked();
  await todos.isSaved();

  await todos.filter('Active').click();
  await expect(page).toHaveURL(`${webUrl()}/todos/active`);
  await todos.shows('Call the bank');
  await page.reload();
  await todos.shows('Call the bank');
  await expect(todos.filter('Active')).toHaveAttribute('aria-current', 'page');

  await todos.filter('Completed').click();
  await todos.shows('Buy milk');
  await page.goBack();
  await todos.shows('Call the bank');
  await todos.filter('All').click();
  await todos.shows('Buy milk', 'Call the bank');
});

test('everything is marked as done and back, and what is done is cleared', async ({ page }) => {
  const todos = new Todos(page);
  await todos.add('Buy milk', 'Call the bank');
  await todos.toggleAll().click();
  await expect(todos.toggleAll()).toBeChecked();
  await expect(todos.count()).toHaveText('0 items left');
  await todos.toggleAll().click();
  await expect(todos.toggleAll()).not.toBeChecked();
  await expect(todos.clearCompleted()).toHaveCount(0);

  await todos.checkbox('Buy milk').click();
  await expect(todos.checkbox('Buy milk')).toBeChecked();
  await todos.clearCompleted().click();
  await todos.shows('Call the bank');
  await expect(todos.clearCompleted()).toHaveCount(0);
});

test('toggle-all follows the single rows', async ({ page }) => {
  const todos = new Todos(page);
  await todos.add('Buy milk');
  await todos.checkbox('Buy milk').click();
  await expect(todos.toggleAll()).toBeChecked();
  await todos.checkbox('Buy milk').click();
  await expect(todos.toggleAll()).not.toBeChecked();
});

test('a deleted to-do is gone', async ({ page }) => {
  const todos = new Todos(page);
  await todos.add('Buy milk', 'Call the bank');
  await todos.press('Delete', 'Buy milk');
  await todos.shows('Call the bank');
  await page.reload();
  await todos.shows('Call the bank');
});

test('a deletion is undone, and the focus goes to the neighbour', async ({ page, javaScriptEnabled }) => {
  test.skip(javaScriptEnabled === false, 'undo is offered by scripts');
  const todos = new Todos(page);
  await todos.add('Buy milk', 'Call the bank');
  await todos.press('Delete', 'Buy milk');
  await todos.shows('Call the bank');
  await expect(page.getByRole('button', { name: 'Delete Call the bank' })).toBeFocused();
  await page.getByRole('button', { name: 'Undo' }).click();
  await todos.shows('Call the bank', 'Buy milk');
  await todos.isSaved();
  await page.reload();
  await todos.shows('Call the bank', 'Buy milk');
});

test('a change that fails is rolled back and the text is kept', async ({ page, javaScriptEnabled }) => {
  test.skip(javaScriptEnabled === false, 'without scripts the server answers this');
  const todos = new Todos(page);
  await todos.add('Buy milk');
  await page.route('**/actions/todos/add', (route) => route.abort());
  await todos.field().fill('Call the bank');
  await todos.field().press('Enter');
  await expect(page.getByRole('alert').filter({ hasText: 'did not answer' })).toBeVisible();
  await todos.shows('Buy milk');
  await expect(todos.field()).toHaveValue('Call the bank');
  await page.unroute('**/actions/todos/add');
  await todos.field().press('Enter');
  await todos.shows('Buy milk', 'Call the bank');
});

test('a deletion that fails cannot be undone into a second to-do', async ({ page, javaScriptEnabled }) => {
  test.skip(javaScriptEnabled === false, 'undo is offered by scripts');
  const todos = new Todos(page);
  await todos.add('Buy milk');
  await page.route('**/actions/todos/delete', (route) => route.abort());
  await todos.press('Delete', 'Buy milk');
  await expect(page.getByRole('alert').filter({ hasText: 'did not answer' })).toBeVisible();
  await todos.shows('Buy milk');
  await expect(page.getByRole('button', { name: 'Undo' })).toHaveCount(0);
});

test('changes arrive in the order they were made', async ({ page, javaScriptEnabled }) => {
  test.skip(javaScriptEnabled === false, 'without scripts there is one change at a time');
  const todos = new Todos(page);
  await todos.add('Buy milk');
  // The first answer is the slowest: were the requests sent at once, the last to arrive would win.
  let delay = 600;
  await page.route('**/actions/todos/done', async (route) => {
    const wait = delay;
    delay = 0;
    await new Promise((resolve) => setTimeout(resolve, wait));
    await route.continue();
  });
  const checkbox = todos.checkbox('Buy milk');
  await checkbox.click();
  await checkbox.click();
  await checkbox.click();
  await expect(checkbox).toBeChecked();
  await todos.isSaved();
  await page.reload();
  await expect(checkbox).toBeChecked();
});

test('what was typed survives signing in again', async ({ page, context, javaScriptEnabled }) => {
  const todos = new Todos(page);
  await todos.add('Buy milk');
  await todos.field().fill('Call the bank');
  // The session ends elsewhere; the provider still knows the customer, or asks them to sign in.
  const cookies = await context.cookies(webUrl());
  const session = cookies.find((cookie) => /errand$/.test(cookie.name));
  expect(session, 'a session cookie').toBeTruthy();
  await context.clearCookies({ name: session!.name });
  await todos.field().press('Enter');
  await expect(page).toHaveURL(`${webUrl()}/todos`);
  if (javaScriptEnabled !== false) {
    await expect(todos.field()).toHaveValue('Call the bank');
    expect(await page.evaluate(() => sessionStorage.length)).toBe(0);
  }
});

test('what was typed does not come back to somebody else', async ({ page, context, javaScriptEnabled }) => {
  test.skip(javaScriptEnabled === false, 'scripts keep it in the tab');
  const todos = new Todos(page);
  await todos.field().fill('A present for Bob');
  await context.clearCookies();
  await todos.field().press('Enter');
  await expect(new Tenant(page).email()).toBeVisible();
  await new Site(page).signUp(newCustomer('Bob Babbage'));
  await expect.poll(() => page.evaluate(() => sessionStorage.length)).toBe(0);
  await expect(todos.field()).toHaveValue('');
});

test('the list is still there after signing out and in', async ({ page, context }) => {
  const site = new Site(page);
  await site.signOut();
  const customer = await site.signUp();
  const todos = new Todos(page);
  await todos.add('Buy milk');
  await site.signOut();
  await context.clearCookies();
  await page.goto(webUrl());
  await site.signInLink().click();
  await new Tenant(page).signIn(customer);
  await todos.shows('Buy milk');
});

test('signing out in one tab reaches the others', async ({ page, context, javaScriptEnabled }) => {
  test.skip(javaScriptEnabled === false, 'tabs talk by scripts');
  const other = await context.newPage();
  await new Site(other).open('/todos');
  await new Site(page).signOut();
  await expect(other).toHaveURL(`${webUrl()}/`);
  await expect(new Site(other).signInLink()).toBeVisible();
});

test('markup in a to-do is shown, not run', async ({ page }) => {
  const dialogs: string[] = [];
  page.on('dialog', async (dialog) => {
    dialogs.push(dialog.message());
    await dialog.dismiss();
  });
  const todos = new Todos(page);
  const texts = [
    '<script>alert(1)</script>',
    '"><img src=x onerror=alert(2)>',
    '</script><script>alert(3)</script>',
    '{{7*7}} javascript:alert(4)',
  ];
  await todos.add(...texts);
  await page.reload();
  await todos.shows(...texts);
  await expect(page.locator('main img, main script')).toHaveCount(0);
  expect(dialogs).toEqual([]);
});

test('one customer sees nothing of another', async ({ page, browser, javaScriptEnabled }) => {
  await new Todos(page).add('A secret of the first');
  const context = await browser.newContext({ javaScriptEnabled });
  const second = await context.newPage();
  await new Site(second).signUp();
  await expect(second.getByText('Nothing to do', { exact: true })).toBeVisible();
  await new Todos(second).add('A secret of the second');
  await new Todos(second).shows('A secret of the second');
  await page.reload();
  await new Todos(page).shows('A secret of the first');
  await context.close();
});

test('an address that is none answers 404', async ({ page }) => {
  for (const path of ['/nothing-here', '/todos/nothing-here']) {
    const answer = await page.goto(webUrl() + path);
    expect(answer?.status()).toBe(404);
    await expect(page.getByRole('heading', { name: 'There is no such page' })).toBeVisible();
  }
});
