import { expect, test } from '@playwright/test';
import { isAccessible } from '../accessible.ts';
import { Details, Site, Tenant, Todos, newCustomer, tenantUrl, webUrl } from '../pages.ts';

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
  await page.getByRole('heading', { level: 1 }).click();
  await page.keyboard.press('n');
  await expect(todos.field()).toBeFocused();
  await page.keyboard.type('Buy milk');
  await page.keyboard.press('Enter');
  await todos.shows('Buy milk');
  await todos.isSaved();
  await todos.checkbox('Buy milk').focus();
  await page.keyboard.press('Space');
  await expect(todos.checkbox('Buy milk')).toBeChecked();
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await expect(todos.editField()).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(page.getByRole('link', { name: 'Edit Buy milk' })).toBeFocused();
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await expect(todos.rows()).toHaveCount(0);
  await expect(todos.field()).toBeFocused();
});
