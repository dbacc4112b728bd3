import { readFile } from 'node:fs/promises';
import { expect, test } from '@playwright/test';
import { Account, Site, Tenant, Todos, newCustomer, webUrl } from '../pages.ts';

test('a customer changes their profile, and is asked for the permission the first time', async ({ page }) => {
  const account = new Account(page);
  await new Site(page).signUp(newCustomer('Ada Lovelace'));
  await account.open();
  await expect(account.name()).toHaveValue('Ada Lovelace');
  await expect(account.country()).toHaveValue('NO');

  await account.name().fill('Countess of Lovelace');
  await account.country().selectOption({ label: 'United Kingdom' });
  await account.saveProfile().click();
  // Seeing the profile was allowed before, changing it was not: once it is, what was asked for is done.
  const accept = page.getByRole('button', { name: 'Accept' });
  await expect(accept).toBeVisible();
  await accept.click();
  await page.waitForURL(`${webUrl()}/account**`);
  await new Site(page).isAlive();
  await expect(account.name()).toHaveValue('Countess of Lovelace');
  await expect(account.country()).toHaveValue('GB');
  await expect(account.profile().getByRole('status')).toHaveText('Your profile is saved.');
  await expect(page.locator('.nav-customer__name')).toHaveText('Countess of Lovelace');
  await page.reload();
  await expect(account.name()).toHaveValue('Countess of Lovelace');
  await expect(account.country()).toHaveValue('GB');
  await expect(account.profile().getByRole('status')).toHaveText('');
});

test('a customer chooses a daily digest, and changes their mind', async ({ page, javaScriptEnabled }) => {
  const account = new Account(page);
  await new Site(page).signUp();
  await account.open();
  await expect(account.digestWanted()).not.toBeChecked();
  await account.digestWanted().check();
  if (javaScriptEnabled === false) {
    await account.saveDigest().click();
    await expect(account.digest().getByRole('alert')).toContainText('Choose your time zone');
    await expect(account.digestWanted()).toBeChecked();
  } else {
    // The browser's own is chosen already.
    await expect(account.timeZone()).not.toHaveValue('');
  }
  await account.timeZone().selectOption('Europe/Oslo');
  await account.saveDigest().click();
  await expect(account.digest().getByRole('status')).toContainText('each morning at 7:00');

  await page.reload();
  await expect(account.digestWanted()).toBeChecked();
  await expect(account.timeZone()).toHaveValue('Europe/Oslo');
  await account.digestWanted().uncheck();
  await account.saveDigest().click();
  await expect(account.digest().getByRole('status')).toContainText('no daily digest');
});

test('another browser is signed out from here, and must sign in again', async ({ page, browser, javaScriptEnabled }) => {
  const account = new Account(page);
  const customer = await new Site(page).signUp();
  const context = await browser.newContext({ javaScriptEnabled });
  const other = await context.newPage();
  const elsewhere = new Site(other);
  await elsewhere.open('/');
  await elsewhere.signInLink().click();
  await new Tenant(other).signIn(customer);
  await elsewhere.isAlive();
  await new Todos(other).field().fill('Half a thought');

  await page.bringToFront();
  await account.open();
  await expect(account.browsers()).toHaveCount(2);
  await expect(account.browsers().first()).toContainText('This browser');
  if (javaScriptEnabled !== false) {
    // The second click of a double click, when the row below has moved up.
    await account
      .endOne()
      .evaluate((button) => button.dispatchEvent(new MouseEvent('click', { bubbles: true, cancelable: true, detail: 2 })));
    await expect(account.browsers()).toHaveCount(2);
  }
  await account.endOne().click();
  await expect(account.browsers()).toHaveCount(1);
  await expect(account.sessions().getByRole('status')).toHaveText('That browser is signed out.');
  await expect(account.endOthers()).toHaveCount(0);

  if (javaScriptEnabled === false) {
    const answer = await other.request.get(`${webUrl()}/todos`, { maxRedirects: 0 });
    expect(answer.status()).toBe(302);
    expect(answer.headers()['location']).toContain('/auth/sign-in');
  } else {
    // It notices as soon as somebody comes back to it, and hides what it shows.
    await other.evaluate(() => window.dispatchEvent(new Event('focus')));
    await expect(other.getByRole('heading', { name: 'You were signed out from another browser' })).toBeVisible();
    await expect(new Todos(other).field()).toBeHidden();
    await other.getByRole('main').or(other.getByRole('alert')).getByRole('link', { name: 'Sign in' }).click();
    // The provider's session would do otherwise: it is asked for the password.
    await new Tenant(other).signIn(customer);
    await other.waitForURL(`${webUrl()}/todos`);
    await expect(new Todos(other).field()).toHaveValue('Half a thought');
  }
  await context.close();
});

test('all other browsers are signed out at once', async ({ page, browser, javaScriptEnabled }) => {
  const account = new Account(page);
  const customer = await new Site(page).signUp();
  const contexts = [];
  for (let count = 0; count < 2; count += 1) {
    const context = await browser.newContext({ javaScriptEnabled });
    const other = await context.newPage();
    await new Site(other).open('/');
    await new Site(other).signInLink().click();
    await new Tenant(other).signIn(customer);
    // Its session is all that is needed; beside open pages, Chromium now and then never gets to a click in this one.
    await other.close();
    contexts.push(context);
  }
  await account.open();
  await expect(account.browsers()).toHaveCount(3);
  await account.endOthers().click();
  await expect(account.browsers()).toHaveCount(1);
  await expect(account.sessions().getByRole('status')).toHaveText('2 other browsers are signed out.');
  for (const context of contexts) {
    const answer = await context.request.get(`${webUrl()}/auth/session?slide=false`);
    expect(await answer.json()).toMatchObject({ signed_in: false });
    await context.close();
  }
});

test('a session about to end is announced, and the customer stays', async ({ page, javaScriptEnabled }) => {
  test.skip(javaScriptEnabled === false, 'the warning needs scripts');
  const site = new Site(page);
  await site.signUp();
  const todos = new Todos(page);
  // What the server says after days of quiet; from then on the real answer.
  await page.route('**/auth/session?slide=false', (route) => route.fulfill({ json: { signed_in: true, seconds_left: 55 } }), {
    times: 1,
  });
  await todos.field().fill('Half a thought');
  await page.evaluate(() => window.dispatchEvent(new Event('focus')));
  const warning = page.getByRole('alert').filter({ hasText: 'You will be signed out within a minute' });
  await expect(warning).toBeVisible();
  await expect(todos.field()).toBeFocused();
  await warning.getByRole('button', { name: 'Stay signed in' }).click();
  await expect(warning).toBeHidden();
  await expect(todos.field()).toHaveValue('Half a thought');
});

test('a session that cannot be extended says so, and its end keeps what was typed', async ({ page, javaScriptEnabled }) => {
  test.skip(javaScriptEnabled === false, 'the warning needs scripts');
  const site = new Site(page);
  await site.signUp();
  const todos = new Todos(page);
  await todos.field().fill('Half a thought');
  await page.route('**/auth/session*', (route) => route.fulfill({ json: { signed_in: true, seconds_left: 40 } }));
  await page.evaluate(() => window.dispatchEvent(new Event('focus')));
  await page.getByRole('button', { name: 'Stay signed in' }).click();
  await expect(page.getByRole('alert').filter({ hasText: 'for as long as is allowed' })).toBeVisible();
  await expect(page.getByRole('button', { name: 'Stay signed in' })).toHaveCount(0);

  await page.unroute('**/auth/session*');
  await page.route('**/auth/session*', (route) => route.fulfill({ json: { signed_in: false } }), { times: 1 });
  await page.evaluate(() => window.dispatchEvent(new Event('focus')));
  await expect(page.getByRole('heading', { name: 'You have been signed out' })).toBeFocused();
  await page.getByRole('alert').getByRole('link', { name: 'Sign in' }).click();
  await page.waitForURL(`${webUrl()}/todos`);
  await expect(todos.field()).toHaveValue('Half a thought');
});

test('what was taken along comes back: all of it is downloaded, deleted, and imported again', async ({ page }) => {
  const [account, todos] = [new Account(page), new Todos(page)];
  await new Site(page).signUp();
  await todos.add('buy milk');
  await todos.add('ring the “dentist”, =1+1');
  await todos.checkbox('buy milk').click();
  await todos.isSaved();
  await account.open();
  const data = page.locator('#data');
  const [download] = await Promise.all([page.waitForEvent('download'), data.getByRole('link', { name: 'JSON' }).click()]);
  const file = await download.path();

  await data.getByLabel('type the word delete').fill('delete');
  await data.getByRole('button', { name: 'Delete all my to-dos' }).click();
  await expect(data.getByRole('status')).toHaveText('All your to-dos are deleted.');
  await new Site(page).open('/todos');
  await expect(todos.rows()).toHaveCount(0);

  await account.open();
  await data.getByLabel('from a file').setInputFiles({ name: 'mine.pdf', mimeType: 'application/pdf', buffer: Buffer.from('%PDF') });
  await data.getByRole('button', { name: 'Import' }).click();
  await expect(data.getByRole('alert')).toContainText('has to end in .json');
  await data.getByLabel('from a file').setInputFiles({ name: 'todos.json', mimeType: 'application/json', buffer: await readFile(file) });
  await data.getByRole('button', { name: 'Import' }).click();
  await expect(data.getByRole('status')).toHaveText('Imported 2 to-dos.');
  await new Site(page).open('/todos');
  await todos.shows('buy milk', 'ring the “dentist”, =1+1');
  await expect(todos.checkbox('buy milk')).toBeChecked();
});
