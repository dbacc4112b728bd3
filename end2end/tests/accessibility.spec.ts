import { expect, test, type Locator, type Page } from '@playwright/test';
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

/** What has the focus: what is wrong with the ring around it (WCAG 2.2, 2.4.7, 1.4.11), which of these kinds it is, and whether
 * the focus came back to it. */
async function lookAtFocus(page: Page, kinds: string[]) {
  return await page.evaluate((kinds) => {
    const rgba = (color: string) => {
      const context = document.createElement('canvas').getContext('2d', { willReadFrequently: true })!;
      context.fillStyle = color;
      context.fillRect(0, 0, 1, 1);
      return [...context.getImageData(0, 0, 1, 1).data];
    };
    const luminance = (color: number[]) => {
      const linear = color.map((value) => (value <= 10 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4));
      return 0.2126 * linear[0]! + 0.7152 * linear[1]! + 0.0722 * linear[2]!;
    };
    const groundOf = (element: Element | null): number[] => {
      if (!element) return [255, 255, 255, 255];
      const color = rgba(getComputedStyle(element).backgroundColor);
      return color[3] === 255 ? color : groundOf(element.parentElement);
    };
    const element = document.activeElement as (HTMLElement & { focused?: string }) | null;
    if (!element || element === document.body) return undefined;
    // Tab stops several times within a date.
    const isBack = element.focused === 'before';
    for (const last of document.querySelectorAll<HTMLElement & { focused?: string }>('*')) {
      if (last !== element && last.focused === 'now') last.focused = 'before';
    }
    element.focused = 'now';
    const { outlineStyle, outlineWidth, outlineColor } = getComputedStyle(element);
    const [low, high] = [luminance(rgba(outlineColor)), luminance(groundOf(element.parentElement))].sort((a, b) => a - b);
    const contrast = (high! + 0.05) / (low! + 0.05);
    const isSeen = outlineStyle === 'solid' && parseFloat(outlineWidth) >= 2 && contrast >= 3;
    // The button for its calendar is the browser's, with a ring of the browser's around it.
    const isItsButton = element.matches('[type=date], [type=time]') && !element.matches(':focus-visible');
    const wrong = isSeen || isItsButton ? '' : `${outlineStyle} ${outlineWidth} ${outlineColor}, contrast ${contrast.toFixed(1)}`;
    return { what: element.outerHTML.slice(0, 150), wrong, kinds: kinds.filter((kind) => element.matches(kind)), isBack };
  }, kinds);
}

/** Goes through the page by Tab: all that gets the focus has a ring, and of each of these kinds there is one. */
async function haveRings(page: Page, kinds: string[]): Promise<void> {
  const missing = new Set(kinds);
  await page.evaluate(() => {
    for (const element of document.querySelectorAll('*')) Object.assign(element, { focused: '' });
  });
  for (let presses = 0; presses < 150; presses += 1) {
    await page.keyboard.press('Tab');
    const focus = await lookAtFocus(page, kinds);
    if (focus?.isBack) break;
    if (!focus) continue;
    expect.soft(focus.wrong, focus.what).toBe('');
    for (const kind of focus.kinds) missing.delete(kind);
  }
  expect.soft([...missing], 'what Tab did not come to').toEqual([]);
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

test('after a deletion the focus goes to the neighbour', async ({ page }) => {
  const todos = new Todos(page);
  await new Site(page).signUp();
  await todos.add('One', 'Two', 'Three');
  const button = (text: string) => page.getByRole('button', { name: `Delete ${text}`, exact: true });
  await goTo(button('Two'));
  await page.keyboard.press('Enter');
  await todos.shows('One', 'Three');
  await expect(button('Three')).toBeFocused();
  // There is none behind it.
  await page.keyboard.press('Enter');
  await todos.shows('One');
  await expect(button('One')).toBeFocused();
  await page.keyboard.press('Enter');
  await todos.shows();
  await expect(todos.field()).toBeFocused();
});

test('what has the focus has a ring around it, whatever it is', async ({ page }) => {
  // Each stop on several pages, in light and dark.
  test.slow();
  const site = new Site(page);
  const todos = new Todos(page);
  const details = new Details(page);
  await site.signUp();
  await page.getByRole('textbox', { name: 'New list' }).fill('Home');
  await page.getByRole('textbox', { name: 'New list' }).press('Enter');
  await expect(page.getByRole('heading', { level: 1, name: 'Home' })).toBeVisible();
  await haveRings(page, ['summary', 'input[type=text]', '.view']);

  await todos.view('All').click();
  await todos.add('Buy milk', 'Call the bank', 'Water the plants');
  await todos.checkbox('Water the plants').click();
  await details.open('Buy milk');
  await details.addStep('find the shop');
  await details.choose('Today');
  await todos.press('Delete', 'Call the bank');
  await todos.undo().hover();
  const kinds = ['.skip', '.brand', '.nav-links a', '.link-button', '.view', '.check', '.check--all', '.check--small', '.icon-button',
    '.star', '.button', '.chip', '.filters a', '.toast__action', 'input[type=search]', 'input[type=date]', 'input[type=time]',
    'select', 'textarea'];
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await haveRings(page, kinds);
  }

  await site.open('/todos');
  await page.getByRole('heading', { level: 1 }).click();
  await page.keyboard.press('j');
  await expect(todos.row('Buy milk')).toBeFocused();
  expect(await lookAtFocus(page, ['.todo'])).toMatchObject({ wrong: '', kinds: ['.todo'] });
  await site.open('/account');
  await haveRings(page, ['input[type=checkbox]', 'input[type=file]', 'select', '.button', 'summary']);
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
