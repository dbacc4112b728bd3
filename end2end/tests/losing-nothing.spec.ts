import { expect, test, type Browser, type Page } from '@playwright/test';
import { Site, Tenant, Todos, newCustomer, onAnotherDevice, webUrl, type Customer } from '../pages.ts';

// What was typed or decided is on the server, in the outbox, or in its field: whatever happens to tab, network, server,
// session or row. A second device is a second browser.

let customer: Customer;

test.beforeEach(async ({ page }) => {
  customer = await new Site(page).signUp();
});

/** Gives a row another text. */
async function change(todos: Todos, from: string, to: string): Promise<void> {
  await todos.press('Edit', from);
  await todos.editField().fill(to);
  await todos.editField().press('Enter');
}

/** Adds a to-do, and gives it one text here and another one elsewhere. */
async function writeTwoTexts(todos: Todos, browser: Browser): Promise<void> {
  await todos.add('Before');
  await todos.press('Edit', 'Before');
  await todos.editField().fill('Mine');
  await onAnotherDevice(browser, customer, async (elsewhere) => {
    await change(elsewhere, 'Before', 'Theirs');
    await elsewhere.isSaved();
  });
  await todos.editField().press('Enter');
}

/** Everything in the outbox, as text. */
async function outbox(page: Page): Promise<string[]> {
  return await page.evaluate(
    () =>
      new Promise<string[]>((resolve, reject) => {
        const open = indexedDB.open('errand', 1);
        open.onerror = () => reject(open.error);
        open.onupgradeneeded = () => open.result.createObjectStore('outbox');
        open.onsuccess = () => {
          const all = open.result.transaction('outbox').objectStore('outbox').getAll();
          all.onsuccess = () => {
            open.result.close();
            resolve(all.result as string[]);
          };
        };
      }),
  );
}

const alert = (page: Page) => page.locator('main').getByRole('alert');

test('what is typed quickly survives a reload at once', async ({ page }) => {
  const todos = new Todos(page);
  const texts = ['One', 'Two', 'Three', 'Four', 'Five', 'Six', 'Seven', 'Eight'];
  await page.route('**/actions/todos/create', async (route) => {
    await new Promise((resolve) => setTimeout(resolve, 300));
    await route.continue().catch(() => undefined);
  });
  for (const text of texts) {
    await todos.field().fill(text);
    await todos.field().press('Enter');
  }
  await page.unrouteAll({ behavior: 'ignoreErrors' });
  await page.reload();
  await todos.shows(...texts);
  await todos.isSaved();
  await expect.poll(() => outbox(page)).toEqual([]);
  await page.reload();
  await todos.shows(...texts);
});

test('what could not be sent survives its tab, and is sent by the next one', async ({ page, context }) => {
  const todos = new Todos(page);
  await todos.add('Buy milk', 'Call the bank', 'Water the plants');
  await page.route('**/actions/todos/*', (route) => route.abort());
  for (const text of ['One', 'Two', 'Three']) {
    await todos.field().fill(text);
    await todos.field().press('Enter');
  }
  await change(todos, 'Call the bank', 'Call the bank at noon');
  await todos.checkbox('Buy milk').click();
  await todos.press('Delete', 'Water the plants');
  await expect(alert(page)).toContainText('Errand did not answer. 6 changes are kept in this browser');
  const kept = await outbox(page);
  expect(kept).toHaveLength(6);
  expect(kept.join(), 'no token').not.toMatch(/eyJ[\w-]{10,}\.|token/i);
  await page.close();

  const next = await context.newPage();
  await new Site(next).open('/todos');
  const after = new Todos(next);
  await after.shows('Buy milk', 'Call the bank at noon', 'One', 'Two', 'Three');
  await expect(after.checkbox('Buy milk')).toBeChecked();
  await after.isSaved();
  await expect.poll(() => outbox(next)).toEqual([]);
  await next.reload();
  await after.shows('Buy milk', 'Call the bank at noon', 'One', 'Two', 'Three');
});

test('an open tab takes over what a closed one could not send', async ({ page, context }) => {
  const todos = new Todos(page);
  await page.route('**/actions/todos/*', (route) => route.abort());
  await todos.field().fill('Buy milk');
  await todos.field().press('Enter');
  await expect(alert(page)).toContainText('One change is kept in this browser');
  const other = await context.newPage();
  await new Site(other).open('/todos');
  await new Todos(other).shows();
  await page.close();
  await new Todos(other).shows('Buy milk');
  await new Todos(other).isSaved();
});

test('without a network everything goes on, and is sent when it is back', async ({ page, context, browser }) => {
  const todos = new Todos(page);
  await todos.add('Buy milk', 'Call the bank');
  await context.setOffline(true);
  await todos.field().fill('Water the plants');
  await todos.field().press('Enter');
  await change(todos, 'Water the plants', 'Water all plants');
  await todos.checkbox('Buy milk').click();
  await todos.press('Delete', 'Call the bank');
  await todos.shows('Buy milk', 'Water all plants');
  await expect(alert(page)).toContainText('You are offline. 4 changes are kept in this browser');
  // Also what is undone before it was sent.
  await todos.undo().click();
  await todos.shows('Buy milk', 'Call the bank', 'Water all plants');
  await context.setOffline(false);
  await expect(alert(page)).toBeEmpty();
  await todos.isSaved();
  await onAnotherDevice(browser, customer, async (elsewhere) => {
    await elsewhere.shows('Buy milk', 'Call the bank', 'Water all plants');
    await expect(elsewhere.checkbox('Buy milk')).toBeChecked();
  });
});

test('two devices that change one text are both heard', async ({ page, browser }) => {
  const todos = new Todos(page);
  for (const [choice, expected] of [
    ['Keep mine', ['Mine']],
    ['Keep theirs', ['Theirs']],
    ['Keep both', ['Theirs', 'Mine']],
  ] as const) {
    await writeTwoTexts(todos, browser);
    await expect(alert(page)).toContainText('was changed on another device meanwhile');
    const row = todos.row('Another device changed this');
    await expect(row).toContainText('Mine');
    await expect(row).toContainText('Theirs');
    await row.getByRole('button', { name: choice }).click();
    await todos.shows(...expected);
    await todos.isSaved();
    await page.reload();
    await todos.shows(...expected);
    for (const text of expected) await todos.press('Delete', text);
    await todos.shows();
  }
});

test('switching to another window neither saves nor closes what is being typed', async ({ page, context }) => {
  const todos = new Todos(page);
  await todos.add('Buy milk', 'Call the bank');
  await todos.press('Edit', 'Buy milk');
  await todos.editField().fill('Buy oat');
  // The field loses the focus with its window, and is still the one that keys go to.
  await todos.editField().evaluate((field) => field.dispatchEvent(new FocusEvent('focusout', { bubbles: true })));
  const other = await context.newPage();
  await other.goto('about:blank');
  await other.bringToFront();
  await other.close();
  await page.bringToFront();
  await expect(todos.editField()).toHaveValue('Buy oat');
  await todos.editField().press('End');
  await todos.editField().pressSequentially(' milk');
  await page.getByRole('heading', { level: 1 }).click();
  await todos.shows('Buy oat milk', 'Call the bank');
});

test('what is half typed survives a reload, and a walk to another page', async ({ page }) => {
  const todos = new Todos(page);
  await todos.add('Buy milk');
  await todos.field().fill('Call the');
  await page.reload();
  await expect(todos.field()).toHaveValue('Call the');
  await page.getByRole('link', { name: 'Account' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Account' })).toBeVisible();
  await page.getByRole('link', { name: 'To-dos' }).click();
  await expect(todos.field()).toHaveValue('Call the');
  await todos.press('Edit', 'Buy milk');
  await todos.editField().fill('Buy oat');
  await page.reload();
  await expect(todos.editField()).toHaveValue('Buy oat');
  await expect(todos.field()).toHaveValue('Call the');
  await todos.editField().fill('');
  await todos.editField().press('Escape');
  await todos.field().fill('');
  await new Site(page).signOut();
  expect(await page.evaluate(() => sessionStorage.length)).toBe(0);
});

test('a row that is being typed in stays under its filter', async ({ page, browser }) => {
  const todos = new Todos(page);
  await todos.add('Buy milk');
  await todos.filter('Active').click();
  await todos.press('Edit', 'Buy milk');
  await todos.editField().fill('Buy oat milk');
  await onAnotherDevice(browser, customer, async (elsewhere) => {
    await elsewhere.checkbox('Buy milk').click();
    await elsewhere.isSaved();
  });
  await page.evaluate(() => window.dispatchEvent(new Event('focus')));
  await expect(todos.count()).toHaveText('0 items left');
  await expect(todos.editField()).toHaveValue('Buy oat milk');
  await todos.editField().press('Enter');
  await todos.isSaved();
  await todos.filter('Completed').click();
  await todos.shows('Buy oat milk');
});

test('a choice between two texts survives a reload', async ({ page, browser }) => {
  const todos = new Todos(page);
  await writeTwoTexts(todos, browser);
  await expect(page.getByRole('button', { name: 'Keep mine' })).toBeVisible();
  await page.reload();
  await page.getByRole('button', { name: 'Keep mine' }).click();
  await todos.shows('Mine');
  await todos.isSaved();
});

test('a row that is deleted elsewhere does not take what is typed with it', async ({ page, browser }) => {
  const todos = new Todos(page);
  await todos.add('Buy milk', 'Call the bank');
  await todos.press('Edit', 'Buy milk');
  await todos.editField().fill('Buy oat milk');
  await onAnotherDevice(browser, customer, async (elsewhere) => {
    await elsewhere.press('Delete', 'Buy milk');
    await elsewhere.shows('Call the bank');
    await elsewhere.isSaved();
  });
  await page.evaluate(() => window.dispatchEvent(new Event('focus')));
  await expect(page.getByText('Another device deleted this meanwhile. What you write is not lost.')).toBeVisible();
  await expect(todos.editField()).toHaveValue('Buy oat milk');
  await expect(todos.editField()).toBeFocused();
  await todos.editField().press('Enter');
  await page.getByRole('button', { name: 'Add it again' }).click();
  await todos.shows('Call the bank', 'Buy oat milk');
  await todos.isSaved();
  await page.reload();
  await todos.shows('Call the bank', 'Buy oat milk');
});

test('what another device rewrote is not deleted unseen', async ({ page, browser }) => {
  const todos = new Todos(page);
  await todos.add('Buy milk');
  // The news comes late.
  await page.route('**/actions/todos/list', (route) => route.abort());
  await onAnotherDevice(browser, customer, async (elsewhere) => {
    await change(elsewhere, 'Buy milk', 'Buy milk and call the dentist');
    await elsewhere.isSaved();
  });
  await todos.press('Delete', 'Buy milk');
  await expect(alert(page)).toContainText('“Buy milk” was changed on another device meanwhile, and is not deleted.');
  await page.unrouteAll();
  await todos.shows('Buy milk and call the dentist');
  await expect(todos.undo()).toHaveCount(0);
});

test('a text that is refused stays with its row', async ({ page }) => {
  const todos = new Todos(page);
  await todos.add('Buy milk');
  await page.route('**/actions/todos/*', (route) =>
    route.fulfill({
      status: 400,
      headers: { serverfnerror: '/actions/todos' },
      contentType: 'application/json',
      body: JSON.stringify({ Invalid: { api: { kind: 'list-full', detail: 'The list is full.' } } }),
    }),
  );
  await todos.field().fill('One');
  await todos.field().press('Enter');
  await todos.field().fill('Two');
  await todos.field().press('Enter');
  await expect(page.getByText('Not saved. The list is full.')).toHaveCount(2);
  await todos.shows('Buy milk', 'One', 'Two');
  await page.unrouteAll();
  await todos.row('One').getByRole('button', { name: 'Discard' }).click();
  await todos.shows('Buy milk', 'Two');
  // The second click of a double click, when the row below has moved up.
  await todos
    .row('Two')
    .getByRole('button', { name: 'Discard' })
    .evaluate((button) => button.dispatchEvent(new MouseEvent('click', { bubbles: true, cancelable: true, detail: 2 })));
  await todos.shows('Buy milk', 'Two');
  await todos.row('Two').getByRole('button', { name: 'Try again' }).click();
  await todos.shows('Buy milk', 'Two');
  await todos.isSaved();
});

test('signing out asks before it loses something, and leaves nothing behind', async ({ page }) => {
  const todos = new Todos(page);
  await page.route('**/actions/todos/create', (route) => route.abort());
  await todos.field().fill('Buy milk');
  await todos.field().press('Enter');
  await expect(alert(page)).toContainText('One change is kept in this browser');
  let question = '';
  page.once('dialog', (dialog) => {
    question = dialog.message();
    void dialog.dismiss();
  });
  await new Site(page).signOutButton().click();
  await expect.poll(() => question).toContain('One change is not saved yet');
  await todos.shows('Buy milk');
  expect(await outbox(page)).toHaveLength(1);
  page.once('dialog', (dialog) => void dialog.accept());
  await new Site(page).signOut();
  expect(await outbox(page)).toEqual([]);
});

test('signing out in one tab asks for what another one keeps, and ends that too', async ({ page, context }) => {
  const todos = new Todos(page);
  await page.route('**/actions/todos/create', (route) => route.abort());
  await todos.field().fill('Buy milk');
  await todos.field().press('Enter');
  await expect(alert(page)).toContainText('One change is kept in this browser');
  const other = await context.newPage();
  await new Site(other).open('/account');
  let question = '';
  other.on('dialog', (dialog) => {
    question = dialog.message();
    void dialog.accept();
  });
  await new Site(other).signOut();
  expect(question).toContain('One change is not saved yet');
  await expect(new Site(page).signInLink()).toBeVisible();
  expect(await outbox(page)).toEqual([]);
});

test('somebody else who signs in on the browser neither sees nor sends it', async ({ page, context }) => {
  const todos = new Todos(page);
  await page.route('**/actions/todos/create', (route) => route.abort());
  await todos.field().fill('Call my lawyer');
  await todos.field().press('Enter');
  await expect(alert(page)).toContainText('One change is kept in this browser');
  await page.close();
  // The session ends without a sign-out, and the provider forgets the customer, too.
  await context.clearCookies();

  const somebody = await context.newPage();
  await new Site(somebody).signUp(newCustomer('Grace Hopper'));
  await new Todos(somebody).add('Write a compiler');
  await somebody.reload();
  await new Todos(somebody).shows('Write a compiler');
  expect(await outbox(somebody)).toHaveLength(1);
  await new Site(somebody).signOut();
  expect(await outbox(somebody), 'it is not theirs to remove either').toHaveLength(1);

  await new Site(somebody).open('/');
  await new Site(somebody).signInLink().click();
  await new Tenant(somebody).signIn(customer);
  await new Site(somebody).open('/todos');
  await new Todos(somebody).shows('Call my lawyer');
  await new Todos(somebody).isSaved();
});

test('a page of somebody who is signed out neither sends for nor shows the list of who is signed in now', async ({ page, context }) => {
  const todos = new Todos(page);
  await todos.add('Buy milk');
  await page.route('**/actions/todos/create', (route) => route.abort());
  await todos.field().fill('Call my lawyer');
  await todos.field().press('Enter');
  await expect(alert(page)).toContainText('One change is kept in this browser');
  // The session ends without a word to this page, and somebody else signs in.
  await context.clearCookies();
  const somebody = await context.newPage();
  await new Site(somebody).signUp(newCustomer('Grace Hopper'));
  await new Todos(somebody).add('Write a compiler');
  await page.unrouteAll();
  await page.bringToFront();
  await page.evaluate(() => window.dispatchEvent(new Event('online')));
  await page.evaluate(() => window.dispatchEvent(new Event('focus')));
  // It finds out, and is the page of who is signed in, who sees nothing of the other one's.
  await expect(new Todos(page).row('Write a compiler')).toHaveCount(1);
  await new Todos(page).shows('Write a compiler');
  expect(await outbox(page), 'it waits for its author').toHaveLength(1);
  await somebody.reload();
  await new Todos(somebody).shows('Write a compiler');
});

test('an answer that is none of ours loses nothing', async ({ page }) => {
  const todos = new Todos(page);
  await todos.add('Buy milk', 'Call the bank');
  await page.route('**/actions/todos/*', (route) =>
    route.fulfill({ status: 502, contentType: 'text/html', body: '<h1>Bad gateway</h1>' }),
  );
  await todos.press('Delete', 'Buy milk');
  await todos.checkbox('Call the bank').click();
  await expect(alert(page)).toContainText('2 changes are kept in this browser');
  await page.unrouteAll();
  await alert(page).getByRole('button', { name: 'Try again' }).click();
  await expect(alert(page)).toBeEmpty();
  await page.reload();
  await todos.shows('Call the bank');
  await expect(todos.checkbox('Call the bank')).toBeChecked();
});

test('what was decided while the session had ended is done after signing in again', async ({ page, context }) => {
  const todos = new Todos(page);
  await todos.add('Buy milk', 'Call the bank');
  const cookies = await context.cookies(webUrl());
  const session = cookies.find((cookie) => /errand$/.test(cookie.name));
  await context.clearCookies({ name: session!.name });
  await todos.press('Delete', 'Buy milk');
  await expect(page).toHaveURL(`${webUrl()}/todos`);
  await todos.shows('Call the bank');
  await todos.isSaved();
  await page.reload();
  await todos.shows('Call the bank');
});

test('a browser that keeps nothing says so, and asks before the page goes', async ({ page }) => {
  await page.addInitScript(() => {
    Object.defineProperty(window, 'indexedDB', { value: undefined });
    Object.defineProperty(window.IDBFactory.prototype, 'open', {
      value: () => {
        throw new DOMException('refused', 'SecurityError');
      },
    });
  });
  await page.reload();
  await new Site(page).isAlive();
  const todos = new Todos(page);
  await page.route('**/actions/todos/create', (route) => route.abort());
  await todos.field().fill('Buy milk');
  await todos.field().press('Enter');
  await expect(alert(page)).toContainText('until then it is on this page only, so keep it open');
  let asked = false;
  page.on('dialog', (dialog) => {
    asked = dialog.type() === 'beforeunload';
    void dialog.dismiss();
  });
  await page.evaluate(() => window.location.reload());
  await expect.poll(() => asked).toBe(true);
  await page.unrouteAll();
  await alert(page).getByRole('button', { name: 'Try again' }).click();
  await todos.isSaved();
  await expect(alert(page)).toBeEmpty();
});

test('a browser that keeps nothing loses nothing of several texts while their customer signs in again', async ({ page, context }) => {
  await page.addInitScript(() => {
    Object.defineProperty(window, 'indexedDB', { value: undefined });
    Object.defineProperty(window.IDBFactory.prototype, 'open', {
      value: () => {
        throw new DOMException('refused', 'SecurityError');
      },
    });
  });
  const todos = new Todos(page);
  await todos.add('Buy milk');
  await page.reload();
  await new Site(page).isAlive();
  // The first is on its way, and the others wait for it.
  let go = () => {};
  const held = new Promise<void>((resolve) => (go = resolve));
  await page.route('**/actions/todos/create', async (route) => {
    await held;
    await route.continue();
  });
  for (const text of ['Call mum', 'Pay rent', 'Post the letter']) {
    await todos.field().fill(text);
    await todos.field().press('Enter');
  }
  await todos.checkbox('Buy milk').click();
  await todos.field().fill('Half ty');
  const session = (await context.cookies(webUrl())).find((cookie) => /errand$/.test(cookie.name));
  await context.clearCookies({ name: session!.name });
  go();
  await todos.shows('Buy milk', 'Call mum', 'Pay rent', 'Post the letter');
  await todos.isSaved();
  await expect(todos.checkbox('Buy milk')).toBeChecked();
  await expect(todos.field()).toHaveValue('Half ty');
  await page.unrouteAll();
  await page.reload();
  await todos.shows('Buy milk', 'Call mum', 'Pay rent', 'Post the letter');
});

test('a new to-do is where the customer looks, and is read out', async ({ page }) => {
  const todos = new Todos(page);
  for (let number = 1; number <= 25; number += 1) {
    await todos.field().fill(`To-do ${number}`);
    await todos.field().press('Enter');
  }
  await expect(todos.row('To-do 25')).toBeInViewport({ ratio: 1 });
  await expect(todos.field()).toBeFocused();
  await expect(page.getByRole('status').filter({ hasText: 'Added “To-do 25”' })).toBeAttached();
  await todos.isSaved();
  await todos.filter('Completed').click();
  await todos.field().fill('Buy milk');
  await todos.field().press('Enter');
  await todos.shows('Buy milk');
  await todos.filter('Active').click();
  await todos.filter('Completed').click();
  await todos.shows();
});

test('a page that a translator has changed works as plain forms', async ({ page }) => {
  const site = new Site(page);
  const todos = new Todos(page);
  await todos.add('Call +1 555-0100', 'Post the letter');
  await site.openChanged((html) =>
    html
      .replace('>Call +1 555-0100<', '><a href="tel:+15550100"><font>Call</font> +1 555-0100</a><')
      .replace('>To-dos</span>', '><font>Aufgaben</font></span>'),
  );
  await site.isPlain();
  await todos.field().fill('Buy milk');
  await todos.field().press('Enter');
  await expect(todos.row('Buy milk')).toHaveCount(1);
  await site.isPlain();
  await todos.field().fill('Water the plants');
  await todos.field().press('Enter');
  await expect(todos.row('Water the plants')).toHaveCount(1);
  await site.isPlain();
  await todos.checkbox('Buy milk').click();
  await expect(todos.checkbox('Buy milk')).toBeChecked();
  await site.isPlain();
  await todos.press('Delete', 'Post the letter');
  await expect(todos.row('Post the letter')).toHaveCount(0);
  await site.isPlain();
  await todos.undo().click();
  await expect(todos.row('Post the letter')).toHaveCount(1);
  await site.isPlain();
  await todos.filter('Completed').click();
  await expect(page).toHaveURL(`${webUrl()}/todos/completed`);
  await todos.shows('Buy milk');
  await page.unrouteAll({ behavior: 'wait' });
  await site.open('/todos');
  await todos.shows('Call +1 555-0100', 'Post the letter', 'Buy milk', 'Water the plants');
  await expect(todos.checkbox('Buy milk')).toBeChecked();
});
