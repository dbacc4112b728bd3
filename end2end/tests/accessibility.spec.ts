import { expect, test, type Locator } from '@playwright/test';
import { isAccessible } from '../accessible.ts';
import { Details, Site, Tenant, Todos, newCustomer, tenantUrl, webUrl } from '../pages.ts';

/** Goes from control to control until the focus is on this one. */
async function goTo(control: Locator, key: 'Tab' | 'Shift+Tab' = 'Tab'): Promise<void> {
  await expect(control).toHaveCount(1);
  for (let presses = 0; presses < 100; presses += 1) {
    await control.page().keyboard.press(key);
    if (await control.evaluate((element) => element === document.activeElement)) return;
  }
  throw new Error(`${key} does not come to ${control}`);
}

test('the pages of a visitor', async ({ page }) => {
  await new Site(page).open('/');
  await isAccessible(page, 'home');
  await page.goto(`${webUrl()}/nothing-here`);
  await isAccessible(page, 'not found');
});

test('the pages of a customer', async ({ page }) => {
  // Many looks of many states.
  test.slow();
  const site = new Site(page);
  const todos = new Todos(page);
  await site.signUp(newCustomer('Wolfeschlegelsteinhausenbergerdorff Maximiliana'));
  await isAccessible(page, 'empty list');

  await todos.add('Buy milk', 'A'.repeat(120), 'A rather long one: water the plants on the balcony before it gets too hot');
  await todos.checkbox('Buy milk').click();
  await todos.isSaved();
  await isAccessible(page, 'list');

  await page.getByText('Buy milk', { exact: true }).dblclick();
  await expect(todos.editField()).toBeVisible();
  await isAccessible(page, 'list while editing');
  await todos.editField().press('Escape');

  // On a phone that is among the details.
  await page.setViewportSize({ width: 1280, height: 800 });
  await todos.press('Delete', 'Buy milk');
  await expect(page.getByRole('button', { name: 'Undo', exact: true })).toBeVisible();
  await isAccessible(page, 'list with an offer to undo');

  await site.open('/account');
  await isAccessible(page, 'account');
  await site.open('/');
  await isAccessible(page, 'home, signed in');
});

test('the details of a to-do, and a view', async ({ page }) => {
  // Many looks of many states.
  test.slow();
  await new Site(page).signUp();
  const todos = new Todos(page);
  const details = new Details(page);
  await todos.add('Buy milk');
  await details.open('Buy milk');
  await details.choose('Today');
  await details.addStep('find the shop');
  await todos.isSaved();
  await isAccessible(page, 'details');
  await page.setViewportSize({ width: 1280, height: 800 });
  await details.close();
  await todos.view('Starred').click();
  await isAccessible(page, 'a view with nothing in it');
});

test('the pages of the tenant', async ({ page }) => {
  const site = new Site(page);
  const tenant = new Tenant(page);
  const customer = newCustomer();
  await site.open('/');
  await site.signUpLink().click();
  await isAccessible(page, 'sign-up: address');
  await tenant.enterEmail(customer.email);
  await expect(tenant.code()).toBeVisible();
  await isAccessible(page, 'sign-up: passcode');
  await tenant.enterPasscode(customer.email);
  await expect(tenant.newPassword()).toBeVisible();
  await isAccessible(page, 'sign-up: password and profile');

  await page.goto(`${tenantUrl()}/mailbox`);
  await isAccessible(page, 'mailbox');

  await site.open('/');
  await site.signInLink().click();
  await isAccessible(page, 'sign-in');
  if (!(await tenant.forgotPassword().isVisible())) await tenant.enterEmail(customer.email);
  await tenant.forgotPassword().click();
  await isAccessible(page, 'password reset');
});

test('the list is used from the keyboard alone', async ({ page }) => {
  const todos = new Todos(page);
  await new Site(page).signUp();
  await expect(todos.field()).toBeFocused();
  for (const text of ['Buy milk', 'Call the bank', 'Water the plants']) {
    await page.keyboard.type(text);
    await page.keyboard.press('Enter');
    await expect(todos.row(text)).toHaveCount(1);
  }
  await todos.isSaved();

  await goTo(todos.checkbox('Buy milk'));
  await page.keyboard.press('Space');
  await expect(todos.checkbox('Buy milk')).toBeChecked();
  await page.keyboard.press('Enter');
  await expect(todos.checkbox('Buy milk')).not.toBeChecked();

  const edit = page.getByRole('link', { name: 'Edit Buy milk' });
  await goTo(edit);
  await page.keyboard.press('Enter');
  await expect(todos.editField()).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(edit).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(todos.editField()).toBeFocused();
  await page.keyboard.press('End');
  await page.keyboard.type(' and bread');
  await page.keyboard.press('Enter');
  await todos.shows('Buy milk and bread', 'Call the bank', 'Water the plants');
  await expect(page.getByRole('link', { name: 'Edit Buy milk and bread' })).toBeFocused();

  const star = page.getByRole('button', { name: 'Star Call the bank' });
  await goTo(star);
  await page.keyboard.press('Space');
  await expect(star).toHaveAttribute('aria-pressed', 'true');

  await goTo(page.getByRole('button', { name: 'Delete Call the bank' }), 'Shift+Tab');
  await page.keyboard.press('Enter');
  await todos.shows('Buy milk and bread', 'Water the plants');
  await expect(page.getByRole('button', { name: 'Delete Water the plants' })).toBeFocused();
  await goTo(todos.undo());
  await page.keyboard.press('Enter');
  await todos.shows('Buy milk and bread', 'Call the bank', 'Water the plants');
  await expect(todos.field()).toBeFocused();

  await goTo(todos.filter('Active'));
  await page.keyboard.press('Enter');
  await expect(todos.filter('Active')).toHaveAttribute('aria-current', 'page');
  for (const text of ['Buy milk and bread', 'Call the bank', 'Water the plants']) {
    await goTo(page.getByRole('button', { name: `Delete ${text}` }), 'Shift+Tab');
    await page.keyboard.press('Space');
    await expect(todos.row(text)).toHaveCount(0);
  }
  await expect(todos.field()).toBeFocused();
  await goTo(page.getByRole('button', { name: 'Undo last change' }));
  await page.keyboard.press('Enter');
  await todos.shows('Water the plants');
});

test('the details of a to-do are used from the keyboard alone', async ({ page }) => {
  const todos = new Todos(page);
  const details = new Details(page);
  await new Site(page).signUp();
  await todos.add('Buy milk', 'Call the bank');
  await goTo(page.getByRole('link', { name: 'Details of Buy milk' }));
  await page.keyboard.press('Enter');
  await expect(details.region()).toBeFocused();

  await goTo(details.region().getByRole('button', { name: 'Today', exact: true }));
  await page.keyboard.press('Space');
  await expect(todos.row('Buy milk').locator('time')).toHaveText('Today');
  await goTo(details.region().getByLabel('Repeat'));
  await page.keyboard.press('ArrowDown');
  await expect(todos.row('Buy milk').getByText('Repeats')).toBeAttached();
  await goTo(details.note());
  await page.keyboard.type('Two litres');
  await goTo(details.region().getByRole('textbox', { name: 'New step' }));
  await page.keyboard.type('find the shop');
  await page.keyboard.press('Enter');
  await goTo(details.step('find the shop'), 'Shift+Tab');
  await page.keyboard.press('Space');
  await expect(details.step('find the shop')).toBeChecked();
  await todos.isSaved();

  await goTo(page.getByRole('link', { name: 'Close details' }), 'Shift+Tab');
  await page.keyboard.press('Enter');
  await expect(details.region()).toHaveCount(0);
  const open = page.getByRole('link', { name: 'Details of Buy milk' });
  await expect(open).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(details.note()).toHaveValue('Two litres');
  await expect(details.region()).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(details.region()).toHaveCount(0);
  await expect(open).toBeFocused();
});

test('a row is moved from the keyboard alone', async ({ page }) => {
  const todos = new Todos(page);
  await new Site(page).signUp();
  await todos.add('One', 'Two', 'Three');
  await goTo(todos.checkbox('One'));
  await page.keyboard.press('Alt+ArrowDown');
  await todos.shows('Two', 'One', 'Three');
  await expect(todos.row('One')).toBeFocused();
  await page.keyboard.press('Alt+ArrowDown');
  await todos.shows('Two', 'Three', 'One');
  // The same by a button, for those whose keys are taken.
  await goTo(page.getByRole('link', { name: 'Details of One' }));
  await page.keyboard.press('Enter');
  await goTo(page.getByRole('button', { name: 'Move up' }));
  await page.keyboard.press('Enter');
  await todos.shows('Two', 'One', 'Three');
  await page.keyboard.press('Enter');
  await todos.shows('One', 'Two', 'Three');
  await todos.isSaved();
  await page.reload();
  await todos.shows('One', 'Two', 'Three');
});

test('a window of the page is opened and closed from the keyboard alone', async ({ page }) => {
  await new Site(page).signUp();
  const button = page.getByRole('button', { name: 'Keyboard shortcuts' });
  const help = page.getByRole('dialog', { name: 'Keyboard shortcuts' });
  const keys = help.getByRole('switch', { name: /^Single keys/ });
  await goTo(button);
  await page.keyboard.press('Enter');
  await expect(help.getByRole('button', { name: 'Close' })).toBeFocused();
  await goTo(keys);
  await page.keyboard.press('Space');
  await expect(keys).not.toBeChecked();
  await page.keyboard.press('Space');
  await expect(keys).toBeChecked();
  await goTo(help.getByRole('button', { name: 'Close' }), 'Shift+Tab');
  await page.keyboard.press('Space');
  await expect(help).toBeHidden();
  await expect(button).toBeFocused();
  await page.keyboard.press('Space');
  await expect(help).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(help).toBeHidden();
  await expect(button).toBeFocused();
});
