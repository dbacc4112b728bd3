import AxeBuilder from '@axe-core/playwright';
import { expect, test, type Page } from '@playwright/test';
import { Site, Tenant, Todos, newCustomer, tenantUrl, webUrl } from '../pages.ts';

const looks = [
  { colorScheme: 'light', width: 1280 },
  { colorScheme: 'light', width: 320 },
  { colorScheme: 'dark', width: 1280 },
  { colorScheme: 'dark', width: 320 },
] as const;

/** Nothing that axe finds, in any look, and nothing to scroll sideways for. */
async function isAccessible(page: Page, what: string): Promise<void> {
  for (const { colorScheme, width } of looks) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await page.setViewportSize({ width, height: 800 });
    const { violations } = await new AxeBuilder({ page })
      .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'])
      .analyze();
    const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' | ')}`);
    expect.soft(found, `${what}, ${colorScheme}, ${width} px`).toEqual([]);
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    expect.soft(overflow, `${what} at ${width} px: sideways scrolling`).toBeLessThanOrEqual(0);
  }
}

test('the pages of a visitor', async ({ page }) => {
  await new Site(page).open('/');
  await isAccessible(page, 'home');
  await page.goto(`${webUrl()}/nothing-here`);
  await isAccessible(page, 'not found');
});

test('the pages of a customer', async ({ page }) => {
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

  await todos.press('Delete', 'Buy milk');
  await expect(page.getByRole('button', { name: 'Undo', exact: true })).toBeVisible();
  await isAccessible(page, 'list with an offer to undo');

  await site.open('/account');
  await isAccessible(page, 'account');
  await site.open('/');
  await isAccessible(page, 'home, signed in');
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
