import AxeBuilder from '@axe-core/playwright';
import { expect, test, type Page } from '@playwright/test';
import { Site, Todos } from '../pages.ts';

test.beforeEach(async ({ page }) => {
  await new Site(page).signUp();
  await new Todos(page).add('One', 'Two', 'Three');
  await leaveField(page);
});

const help = (page: Page) => page.getByRole('dialog', { name: 'Keyboard shortcuts' });

/** Takes the focus out of the field for a new to-do. */
async function leaveField(page: Page): Promise<void> {
  await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
}

test('n adds, j and k and the arrows walk, x and Space toggle, e and Enter edit, s stars', async ({ page }) => {
  const todos = new Todos(page);
  await page.keyboard.press('n');
  await expect(todos.field()).toBeFocused();
  await expect(todos.field()).toHaveValue('');
  await leaveField(page);

  await page.keyboard.press('j');
  await expect(todos.row('One')).toBeFocused();
  await page.keyboard.press('j');
  await page.keyboard.press('ArrowDown');
  await expect(todos.row('Three')).toBeFocused();
  await page.keyboard.press('k');
  await expect(todos.row('Two')).toBeFocused();
  await page.keyboard.press('ArrowUp');
  await expect(todos.row('One')).toBeFocused();

  await page.keyboard.press('x');
  await expect(todos.checkbox('One')).toBeChecked();
  await expect(todos.row('One')).toBeFocused();
  await page.keyboard.press('Space');
  await expect(todos.checkbox('One')).not.toBeChecked();

  await page.keyboard.press('s');
  await expect(page.getByRole('button', { name: 'Star One' })).toHaveAttribute('aria-pressed', 'true');

  await page.keyboard.press('e');
  await expect(todos.editField()).toBeFocused();
  // What is typed is typed.
  await page.keyboard.type(' xn?');
  await page.keyboard.press('Escape');
  await expect(todos.row('One')).toHaveCount(1);
  await expect(todos.rows()).toHaveCount(3);

  await leaveField(page);
  await page.keyboard.press('j');
  await page.keyboard.press('Enter');
  await expect(todos.editField()).toHaveValue('One');
});

test('a key that is held toggles once, and Backspace and Delete do nothing', async ({ page }) => {
  const todos = new Todos(page);
  await page.keyboard.press('j');
  await page.keyboard.down('x');
  await page.keyboard.down('x');
  await page.keyboard.down('x');
  await page.keyboard.up('x');
  await expect(todos.checkbox('One')).toBeChecked();
  await page.keyboard.press('Backspace');
  await page.keyboard.press('Delete');
  await expect(todos.rows()).toHaveCount(3);
});

test('a row moves with Alt and an arrow, keeps the focus, and u undoes', async ({ page }) => {
  const todos = new Todos(page);
  await page.keyboard.press('j');
  await page.keyboard.press('Alt+ArrowDown');
  await todos.shows('Two', 'One', 'Three');
  await expect(todos.row('One')).toBeFocused();
  await todos.isSaved();
  await page.keyboard.press('u');
  await todos.shows('One', 'Two', 'Three');
});

test('under a filter the next row has the focus when one goes away', async ({ page }) => {
  const todos = new Todos(page);
  await todos.filter('Active').click();
  await leaveField(page);
  await page.keyboard.press('j');
  await page.keyboard.press('x');
  await todos.shows('Two', 'Three');
  await expect(todos.row('Two')).toBeFocused();
});

test('slash searches, o opens the details, g and a letter go to a view', async ({ page }) => {
  const todos = new Todos(page);
  await page.keyboard.press('/');
  await expect(page.getByRole('searchbox', { name: 'Search' })).toBeFocused();
  await leaveField(page);
  await page.keyboard.press('j');
  await page.keyboard.press('o');
  await expect(page.getByRole('region', { name: 'Details' })).toBeVisible();
  await page.keyboard.press('Escape');
  await leaveField(page);
  await page.keyboard.press('g');
  await page.keyboard.press('s');
  await expect(page).toHaveURL(/\/todos\/starred$/);
  await page.keyboard.press('g');
  await page.keyboard.press('a');
  await expect(page).toHaveURL(/\/todos$/);
  await expect(todos.rows()).toHaveCount(3);
});

test('the help has all keys, takes and gives back the focus, and no key works behind it', async ({ page }) => {
  const todos = new Todos(page);
  await page.keyboard.press('j');
  await page.keyboard.press('?');
  await expect(help(page)).toBeVisible();
  await expect(help(page).getByRole('button', { name: 'Close' })).toBeFocused();
  await page.keyboard.press('x');
  await expect(todos.checkbox('One')).not.toBeChecked();
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect.soft(violations.map(({ id }) => id)).toEqual([]);
  await page.keyboard.press('Escape');
  await expect(help(page)).toBeHidden();
  await expect(todos.row('One')).toBeFocused();

  const button = page.getByRole('button', { name: 'Keyboard shortcuts' });
  await button.click();
  await help(page).getByRole('button', { name: 'Close' }).click();
  await expect(button).toBeFocused();
});

test('single keys can be turned off, and stay off', async ({ page }) => {
  const todos = new Todos(page);
  const turn = async () => {
    await page.getByRole('button', { name: 'Keyboard shortcuts' }).click();
    await help(page).getByRole('switch', { name: /^Single keys/ }).click();
    await page.keyboard.press('Escape');
    await leaveField(page);
  };
  await turn();
  for (const _ of [0, 1]) {
    await page.keyboard.press('n');
    await expect(todos.field()).not.toBeFocused();
    await page.keyboard.press('?');
    await expect(help(page)).toBeHidden();
    await page.reload();
    await new Site(page).isAlive();
    await leaveField(page);
  }
  await turn();
  await page.keyboard.press('n');
  await expect(todos.field()).toBeFocused();
});
