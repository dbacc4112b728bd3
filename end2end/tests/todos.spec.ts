import { expect, test, type Page } from '@playwright/test';
import { Site, Tenant, Todos, newCustomer, onAnotherDevice, webUrl, type Customer } from '../pages.ts';

let customer: Customer;

/** Lets the web server refuse what is asked of it. */
async function refuse(page: Page, what: string): Promise<void> {
  await page.route(what, (route) =>
    route.fulfill({
      status: 403,
      headers: { serverfnerror: '/actions/todos' },
      contentType: 'application/json',
      body: JSON.stringify('Forbidden'),
    }),
  );
}

/** Gives a row another text. */
async function change(todos: Todos, from: string, to: string): Promise<void> {
  await todos.press('Edit', from);
  await todos.editField().fill(to);
  await todos.editField().press('Enter');
  await expect(todos.row(to)).toHaveCount(1);
  await todos.isSaved();
}

test.beforeEach(async ({ page }) => {
  customer = await new Site(page).signUp();
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

test('nobody is asked whether they are sure to delete a to-do', async ({ page }) => {
  const todos = new Todos(page);
  const asked: string[] = [];
  page.on('dialog', async (dialog) => {
    asked.push(dialog.message());
    await dialog.dismiss();
  });
  await todos.add('Buy milk', 'Call the bank');
  await todos.press('Delete', 'Buy milk');
  await todos.shows('Call the bank');
  await expect(todos.undo()).toBeVisible();
  await expect(page.getByRole('dialog')).toHaveCount(0);
  expect(asked).toEqual([]);
});

test('completing a to-do, and taking that back, are undone', async ({ page }) => {
  const todos = new Todos(page);
  const undo = page.getByRole('button', { name: 'Undo last change' });
  await todos.add('Buy milk', 'Call the bank');
  await todos.checkbox('Buy milk').click();
  await expect(todos.checkbox('Buy milk')).toBeChecked();
  await todos.isSaved();
  await undo.click();
  await expect(todos.checkbox('Buy milk')).not.toBeChecked();
  await expect(todos.count()).toHaveText('2 items left');
  await todos.checkbox('Call the bank').click();
  await expect(todos.checkbox('Call the bank')).toBeChecked();
  await todos.checkbox('Call the bank').click();
  await expect(todos.checkbox('Call the bank')).not.toBeChecked();
  await todos.isSaved();
  await undo.click();
  await expect(todos.checkbox('Call the bank')).toBeChecked();
  await todos.isSaved();
  await page.reload();
  await expect(todos.checkbox('Call the bank')).toBeChecked();
  await expect(todos.checkbox('Buy milk')).not.toBeChecked();
});

test('an empty list has neither rows, nor a count, nor filters', async ({ page }) => {
  const todos = new Todos(page);
  const isEmpty = async () => {
    await expect(page.getByText('Nothing to do', { exact: true })).toBeVisible();
    await expect(page.getByRole('list', { name: 'To-dos' })).toHaveCount(0);
    await expect(page.getByRole('navigation', { name: 'Filter' })).toHaveCount(0);
    await expect(todos.count()).toHaveCount(0);
    await expect(todos.toggleAll()).toHaveCount(0);
    await expect(page.getByRole('searchbox')).toHaveCount(0);
  };
  await isEmpty();
  await todos.add('Buy milk');
  await expect(todos.count()).toHaveText('1 item left');
  await expect(todos.filter('All')).toBeVisible();
  await todos.press('Delete', 'Buy milk');
  await isEmpty();
});

test('an offer to undo goes away by itself, and not while the pointer or the focus is on it', async ({ page, javaScriptEnabled }) => {
  test.skip(javaScriptEnabled === false, 'without scripts it is there until the next page');
  await page.clock.install();
  await page.reload();
  await new Site(page).isAlive();
  const todos = new Todos(page);
  await todos.add('One', 'Two', 'Three');
  const minute = () => page.clock.runFor(60_000);
  await todos.press('Delete', 'One');
  await expect(todos.undo()).toBeVisible();
  await minute();
  await expect(todos.undo()).toHaveCount(0);

  await todos.press('Delete', 'Two');
  await page.getByText('Deleted “Two”').hover();
  await minute();
  await expect(todos.undo()).toBeVisible();
  await page.mouse.move(0, 0);
  await minute();
  await expect(todos.undo()).toHaveCount(0);

  await todos.press('Delete', 'Three');
  await todos.undo().focus();
  await minute();
  await expect(todos.undo()).toBeVisible();
  await todos.field().focus();
  await minute();
  await expect(todos.undo()).toHaveCount(0);
});

test('an offer to undo that has the focus stays when the pointer leaves it', async ({ page, javaScriptEnabled }) => {
  test.skip(javaScriptEnabled === false, 'without scripts it is there until the next page');
  await page.clock.install();
  await page.reload();
  await new Site(page).isAlive();
  const todos = new Todos(page);
  await todos.add('One');
  await todos.press('Delete', 'One');
  await todos.undo().focus();
  await page.getByText('Deleted “One”').hover();
  await page.mouse.move(0, 0);
  await page.clock.runFor(60_000);
  await expect(todos.undo()).toBeFocused();
});

test('a deletion is undone where it was, also without scripts', async ({ page, javaScriptEnabled }) => {
  const todos = new Todos(page);
  await todos.add('Buy milk', 'Call the bank');
  await todos.press('Delete', 'Buy milk');
  await todos.shows('Call the bank');
  if (javaScriptEnabled !== false) {
    await expect(page.getByRole('button', { name: 'Delete Call the bank' })).toBeFocused();
  }
  await todos.undo().click();
  await todos.shows('Buy milk', 'Call the bank');
  await todos.isSaved();
  await page.reload();
  await todos.shows('Buy milk', 'Call the bank');
});

test('marking all and clearing what is done are undone as one, states and places too', async ({ page }) => {
  const todos = new Todos(page);
  await todos.add('Buy milk', 'Call the bank', 'Water the plants');
  await todos.checkbox('Call the bank').click();
  await expect(todos.checkbox('Call the bank')).toBeChecked();
  await page.getByRole('checkbox', { name: 'Mark all as done' }).click();
  await expect(todos.checkbox('Buy milk')).toBeChecked();
  await todos.undo().click();
  await expect(todos.checkbox('Buy milk')).not.toBeChecked();
  await expect(todos.checkbox('Call the bank')).toBeChecked();
  await page.getByRole('button', { name: 'Clear completed' }).click();
  await todos.shows('Buy milk', 'Water the plants');
  await todos.undo().click();
  await todos.shows('Buy milk', 'Call the bank', 'Water the plants');
  await todos.isSaved();
  await page.reload();
  await todos.shows('Buy milk', 'Call the bank', 'Water the plants');
  await expect(todos.checkbox('Call the bank')).toBeChecked();
  await expect(todos.checkbox('Water the plants')).not.toBeChecked();
});

test('one offer collects several deletions, and Ctrl+Z goes back step by step', async ({ page, javaScriptEnabled }) => {
  test.skip(javaScriptEnabled === false, 'without scripts each deletion has its own page');
  const todos = new Todos(page);
  await todos.add('One', 'Two', 'Three', 'Four');
  await todos.press('Delete', 'One');
  await todos.press('Delete', 'Three');
  await expect(page.getByText('Deleted 2 to-dos')).toBeVisible();
  await todos.undo().click();
  await todos.shows('One', 'Two', 'Three', 'Four');

  await todos.press('Delete', 'Four');
  await todos.checkbox('Two').click();
  await todos.press('Edit', 'One');
  await todos.editField().fill('Eleven');
  await todos.editField().press('Enter');
  await todos.shows('Eleven', 'Two', 'Three');
  for (const expected of [['One', 'Two', 'Three'], ['One', 'Two', 'Three'], ['One', 'Two', 'Three', 'Four']]) {
    await page.keyboard.press('Control+z');
    await todos.shows(...expected);
  }
  await expect(todos.checkbox('Two')).not.toBeChecked();
  await todos.isSaved();
  await page.reload();
  await todos.shows('One', 'Two', 'Three', 'Four');
});

test('what was refused is no step back, and what another device changed is not brought back in silence', async ({ page, browser, javaScriptEnabled }) => {
  test.skip(javaScriptEnabled === false, 'Ctrl+Z needs scripts');
  const todos = new Todos(page);
  await todos.add('One', 'Two');
  await todos.press('Delete', 'One');
  await todos.isSaved();
  await refuse(page, '**/actions/todos/delete');
  await todos.press('Delete', 'Two');
  await expect(page.getByRole('alert').filter({ hasText: 'not allowed' })).toBeVisible();
  await todos.shows('Two');
  await page.unroute('**/actions/todos/delete');
  // The offer for the one that worked is still there, for that one.
  await expect(page.getByText('Deleted 1 to-do')).toBeVisible();
  await page.keyboard.press('Control+z');
  await todos.shows('One', 'Two');
  await todos.isSaved();

  await todos.checkbox('One').click();
  await expect(todos.checkbox('One')).toBeChecked();
  await todos.isSaved();
  await onAnotherDevice(browser, customer, (elsewhere) => change(elsewhere, 'One', 'Eleven'));
  await page.keyboard.press('Control+z');
  await expect(page.getByRole('alert').filter({ hasText: 'Nothing was brought back' })).toBeVisible();
  await todos.shows('Eleven', 'Two');
});

test('what was done last is undone after a reload, and from another device', async ({ page, browser }) => {
  const todos = new Todos(page);
  await todos.add('One', 'Two', 'Three');
  await todos.press('Delete', 'Two');
  await todos.isSaved();
  await todos.press('Edit', 'One');
  await todos.editField().fill('Eleven');
  await todos.editField().press('Enter');
  await todos.shows('Eleven', 'Three');
  await todos.isSaved();
  await page.reload();
  await new Site(page).isAlive();
  await page.getByRole('button', { name: 'Undo last change' }).click();
  await todos.shows('One', 'Three');
  await expect(page.getByRole('status').filter({ hasText: 'Brought back 1 to-do' })).toBeVisible();
  await onAnotherDevice(browser, customer, async (elsewhere, device) => {
    await elsewhere.shows('One', 'Three');
    await device.getByRole('button', { name: 'Undo last change' }).click();
    await elsewhere.shows('One', 'Two', 'Three');
  });
});

test('a text that another device has changed meanwhile is not written over unseen', async ({ page, browser, javaScriptEnabled }) => {
  test.skip(javaScriptEnabled !== false, 'with scripts the customer chooses in the row');
  const todos = new Todos(page);
  await todos.add('Before');
  await todos.press('Edit', 'Before');
  await onAnotherDevice(browser, customer, (elsewhere) => change(elsewhere, 'Before', 'Theirs'));
  await todos.editField().fill('Mine');
  await todos.editField().press('Enter');
  await expect(page.getByRole('alert').filter({ hasText: 'This was changed to “Theirs” on another device' })).toBeVisible();
  await expect(todos.editField()).toHaveValue('Mine');
  // Now it is seen.
  await todos.editField().press('Enter');
  await todos.shows('Mine');
});

test('going back to a page and sending its form again loses nothing and doubles nothing', async ({ page, javaScriptEnabled }) => {
  test.skip(javaScriptEnabled !== false, 'scripts send no such form');
  const todos = new Todos(page);
  await todos.field().fill('Buy milk');
  await todos.field().press('Enter');
  await todos.shows('Buy milk');
  await page.goBack();
  await todos.field().fill('Call the bank');
  await todos.field().press('Enter');
  await todos.shows('Buy milk', 'Call the bank');
});

test('a double click and a held key delete one to-do', async ({ page, javaScriptEnabled }) => {
  test.skip(javaScriptEnabled === false, 'without scripts the page is another one after the first');
  const todos = new Todos(page);
  await todos.add('One', 'Two', 'Three', 'Four', 'Five');
  await page.getByRole('button', { name: 'Delete Two' }).dblclick();
  await todos.shows('One', 'Three', 'Four', 'Five');
  await page.getByRole('button', { name: 'Delete One' }).focus();
  // A key that is down already repeats.
  for (let repeats = 0; repeats < 5; repeats += 1) await page.keyboard.down('Enter');
  await page.keyboard.up('Enter');
  await todos.shows('Three', 'Four', 'Five');
  await todos.isSaved();
});

test('what another device changed is neither cleared, nor marked, nor written over', async ({ page, browser, javaScriptEnabled }) => {
  const todos = new Todos(page);
  await todos.add('Buy milk', 'Call the bank');
  await todos.checkbox('Buy milk').click();
  await todos.checkbox('Call the bank').click();
  await expect(page.getByText('0 items left')).toBeVisible();
  await todos.isSaved();
  // The news comes late.
  await page.route('**/actions/todos/list', (route) => route.abort());

  await onAnotherDevice(browser, customer, (elsewhere) => change(elsewhere, 'Call the bank', 'Call the bank before six'));

  // This page still shows the old text.
  await page.getByRole('button', { name: 'Clear completed' }).click();
  if (javaScriptEnabled !== false) {
    await expect(page.getByRole('alert').filter({ hasText: 'One to-do was changed on another device' })).toBeVisible();
    await page.unroute('**/actions/todos/list');
    await page.evaluate(() => window.dispatchEvent(new Event('focus')));
  }
  await todos.shows('Call the bank before six');
  if (javaScriptEnabled === false) return;

  await todos.press('Edit', 'Call the bank before six');
  const latest = 'Call the bank at noon';
  await onAnotherDevice(browser, customer, (elsewhere) => change(elsewhere, 'Call the bank before six', latest));
  // Nothing was typed here.
  await todos.editField().press('Enter');
  await page.reload();
  await todos.shows(latest);
});

test('a to-do whose answer was lost is there once', async ({ page, javaScriptEnabled }) => {
  test.skip(javaScriptEnabled === false, 'the browser itself asks before it sends a form again');
  const todos = new Todos(page);
  await page.route('**/actions/todos/create', async (route) => {
    await route.fetch();
    await route.abort();
  });
  await page.route('**/actions/todos/list', (route) => route.abort());
  await todos.field().fill('Buy milk');
  await todos.field().press('Enter');
  await todos.field().fill('Call the bank');
  await todos.field().press('Enter');
  await expect(page.getByText('Not saved.')).toHaveCount(2);
  await page.unroute('**/actions/todos/list');
  await page.unroute('**/actions/todos/create');
  await page.getByRole('alert').getByRole('button', { name: 'Try again' }).click();
  await expect(page.getByText('Not saved.')).toHaveCount(0);
  await todos.isSaved();
  await page.reload();
  await todos.shows('Buy milk', 'Call the bank');
});

test('a change that fails is rolled back and the text is kept', async ({ page, javaScriptEnabled }) => {
  test.skip(javaScriptEnabled === false, 'without scripts the server answers this');
  const todos = new Todos(page);
  await todos.add('Buy milk');
  await page.route('**/actions/todos/create', (route) => route.abort());
  await todos.field().fill('Call the bank');
  await todos.field().press('Enter');
  await expect(page.getByRole('alert').filter({ hasText: 'did not answer' })).toBeVisible();
  // Where it was typed, the next one may be typed already: it waits in its row.
  await todos.shows('Buy milk', 'Call the bank');
  await expect(todos.field()).toHaveValue('');
  await expect(page.getByText('Not saved.')).toBeVisible();
  await page.unroute('**/actions/todos/create');
  await page.getByRole('button', { name: 'Try again : Call the bank' }).click();
  await expect(page.getByText('Not saved.')).toHaveCount(0);
  await todos.isSaved();
  await page.reload();
  await todos.shows('Buy milk', 'Call the bank');
});

test('a deletion that fails cannot be undone into a second to-do', async ({ page, javaScriptEnabled }) => {
  test.skip(javaScriptEnabled === false, 'without scripts nothing is deleted without an answer');
  const todos = new Todos(page);
  await todos.add('Buy milk');
  await refuse(page, '**/actions/todos/delete');
  await todos.press('Delete', 'Buy milk');
  await expect(page.getByRole('alert').filter({ hasText: 'not allowed' })).toBeVisible();
  await todos.shows('Buy milk');
  await expect(todos.undo()).toHaveCount(0);

  // One that got no answer waits, and can be taken back before it was ever done.
  await page.unroute('**/actions/todos/delete');
  await page.route('**/actions/todos/*', (route) => route.abort());
  await todos.press('Delete', 'Buy milk');
  await expect(page.getByRole('alert').filter({ hasText: 'did not answer' })).toBeVisible();
  await todos.shows();
  await todos.undo().click();
  await todos.shows('Buy milk');
  await page.unrouteAll();
  await page.getByRole('alert').getByRole('button', { name: 'Try again' }).click();
  await expect(page.getByRole('alert').filter({ hasText: 'did not answer' })).toHaveCount(0);
  await page.reload();
  await todos.shows('Buy milk');
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

test('what is typed in a row stays while an earlier change of it fails', async ({ page, javaScriptEnabled }) => {
  test.skip(javaScriptEnabled === false, 'without scripts there is one change at a time');
  const todos = new Todos(page);
  await todos.add('Buy milk');
  let fail = () => {};
  const failed = new Promise<void>((resolve) => (fail = resolve));
  await page.route('**/actions/todos/done', async (route) => {
    await failed;
    await route.abort();
  });
  await todos.checkbox('Buy milk').click();
  await todos.press('Edit', 'Buy milk');
  await todos.editField().fill('Buy milk and bread');
  fail();
  await expect(page.locator('.todo--failed')).toHaveCount(1);
  await expect(todos.editField()).toHaveValue('Buy milk and bread');
  await expect(todos.editField()).toBeFocused();
  await page.unroute('**/actions/todos/done');
  await todos.editField().press('Enter');
  await todos.isSaved();
  await todos.shows('Buy milk and bread');
});

test('a page that was made on another day says what that day is here', async ({ page, javaScriptEnabled }) => {
  test.skip(javaScriptEnabled === false, 'without scripts the server says it, which goes by its own clock');
  const todos = new Todos(page);
  await todos.field().fill('Pay the rent tomorrow');
  await todos.field().press('Enter');
  await expect(todos.row('Pay the rent').locator('time')).toHaveText('Tomorrow');
  await todos.isSaved();
  // As a page that the service worker has kept, or one for whom the server does not know the time zone.
  await page.clock.setFixedTime(Date.now() + 24 * 60 * 60 * 1000);
  await new Site(page).open('/todos');
  await expect(todos.row('Pay the rent').locator('time')).toHaveText('Today');
  await expect(todos.row('Pay the rent').locator('.due--today')).toHaveCount(1);
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
    // It was entered: nobody needs to do that twice.
    await todos.shows('Buy milk', 'Call the bank');
    await todos.isSaved();
    await page.reload();
    await todos.shows('Buy milk', 'Call the bank');
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

test('a double click on "Mark all as done" marks once', async ({ page }) => {
  const todos = new Todos(page);
  await todos.add('buy milk', 'call Bob');
  await todos.toggleAll().dblclick();
  await todos.isSaved();
  await expect(todos.checkbox('buy milk')).toBeChecked();
  await expect(todos.checkbox('call Bob')).toBeChecked();
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
