import { expect, test } from '@playwright/test';
import { Details, Site, Tenant, Todos, newCustomer, webUrl } from '../pages.ts';

test('a visitor signs up and lands on an empty list', async ({ page }) => {
  const site = new Site(page);
  const customer = newCustomer('Grace Hopper');
  await site.open('/');
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  await site.signUpLink().click();
  await new Tenant(page).signUp(customer);

  await expect(page).toHaveURL(`${webUrl()}/todos`);
  await expect(page.getByText('Grace Hopper')).toBeVisible();
  await expect(page.getByText('Nothing to do', { exact: true })).toBeVisible();
});

test('the account page shows what the provider told, and no token', async ({ page }) => {
  const site = new Site(page);
  const customer = await site.signUp(newCustomer('Grace Hopper'));
  await page.getByRole('link', { name: 'Account' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Account' })).toBeVisible();
  await page.getByText('Show the claims').click();
  const table = page.getByRole('table');
  await expect(table).toContainText('Grace Hopper');
  await expect(table).toContainText('iss');
  // A JSON Web Token begins like this, whatever it says.
  expect(await page.content()).not.toMatch(/eyJ[\w-]{10,}\./);
  expect(customer.email).toBeTruthy();
});

test('a visitor who asks for a page of customers signs in and is brought there', async ({ page, context }) => {
  const site = new Site(page);
  const customer = await site.signUp();
  await site.signOut();
  await context.clearCookies();

  await page.goto(`${webUrl()}/todos/completed`);
  await new Tenant(page).signIn(customer);
  await expect(page).toHaveURL(`${webUrl()}/todos/completed`);
  await expect(new Todos(page).field()).toBeVisible();
});

test('a customer whose session has ended is where they were after signing in again', async ({ page, context }) => {
  const site = new Site(page);
  const customer = await site.signUp();
  await new Todos(page).add('Buy milk');
  await page.getByRole('link', { name: 'Details of Buy milk' }).click();
  await expect(page).toHaveURL(/\/todos\?open=/);
  const there = page.url();
  const session = (await context.cookies(webUrl())).find((cookie) => /errand$/.test(cookie.name));
  await context.clearCookies({ name: session!.name });
  // The provider knows them still, and asks nothing.
  await page.reload();
  await expect(page).toHaveURL(there);
  await expect(new Details(page).region()).toBeVisible();
  await context.clearCookies();
  await page.reload();
  await new Tenant(page).signIn(customer);
  await expect(page).toHaveURL(there);
  await expect(new Details(page).region()).toBeVisible();
});

test('a customer who forgot the password sets a new one, and the old one is dead', async ({ page }) => {
  const site = new Site(page);
  const customer = await site.signUp();
  await site.signOut();
  await site.signInLink().click();
  const password = `another ${customer.password}`;
  await new Tenant(page).resetPassword(customer, password);
  await expect(page.getByText(customer.name)).toBeVisible();

  await site.signOut();
  await site.signInLink().click();
  const tenant = new Tenant(page);
  await tenant.email().fill(customer.email);
  await tenant.password().fill(customer.password);
  await tenant.next().click();
  await expect(page.getByRole('alert')).toBeVisible();
  await tenant.signIn({ ...customer, password });
  await expect(page.getByText(customer.name)).toBeVisible();
});

test('a cancelled sign-in is a friendly page', async ({ page }) => {
  const site = new Site(page);
  await site.open('/');
  await site.signInLink().click();
  await page.getByRole('button', { name: 'Cancel' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'You did not sign in' })).toBeVisible();
  await page.getByRole('link', { name: 'Home' }).click();
  await expect(page).toHaveURL(`${webUrl()}/`);
});
