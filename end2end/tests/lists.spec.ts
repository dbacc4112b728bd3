// Lists of a customer's own.
import { expect, test, type Page } from '@playwright/test';
import { Details, Site, Todos, secondDevice } from '../pages.ts';

test.beforeEach(({}, info) => {
  test.skip(info.project.use.javaScriptEnabled === false, 'the forms without scripts are tried in tests/integration');
});

test('a list of their own is made, filled, renamed, deleted with what is in it, and brought back', async ({ page, browser }) => {
  const customer = await new Site(page).signUp();
  const todos = new Todos(page);
  await todos.add('pay rent');
  await page.getByRole('textbox', { name: 'New list' }).fill('Home');
  await page.getByRole('textbox', { name: 'New list' }).press('Enter');
  await expect(page.getByRole('heading', { level: 1, name: 'Home' })).toBeVisible();
  await expect(todos.field()).toBeFocused();
  await todos.add('paint the door');
  await todos.shows('paint the door');

  const other = await secondDevice(browser, customer);
  await other.getByRole('navigation', { name: 'Views' }).getByRole('link', { name: /^Home/ }).click();
  await new Todos(other).shows('paint the door');

  await page.getByText('List options').click();
  await page.getByRole('textbox', { name: 'Name of the list' }).fill('House');
  await page.getByRole('button', { name: 'Rename' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'House' })).toBeVisible();
  await expect(other.getByRole('heading', { level: 1, name: 'House' })).toBeVisible();

  await page.getByRole('button', { name: 'Delete list and its to-dos' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'To-dos' })).toBeVisible();
  await todos.shows('pay rent');
  await todos.undo().click();
  await todos.shows('pay rent', 'paint the door');
  await expect(page.getByRole('navigation', { name: 'Views' }).getByRole('link', { name: /^House/ })).toBeVisible();
});

test('a key that is held makes one list, and what is typed for a list that is gone is not lost', async ({ page, browser }) => {
  const customer = await new Site(page).signUp();
  const todos = new Todos(page);
  await todos.add('pay rent');
  const name = page.getByRole('textbox', { name: 'New list' });
  await name.fill('Home');
  await name.evaluate((field: HTMLInputElement) => {
    for (let press = 0; press < 5; press += 1) field.form?.requestSubmit();
  });
  await expect(page.getByRole('heading', { level: 1, name: 'Home' })).toBeVisible();
  const link = page.getByRole('navigation', { name: 'Views' }).getByRole('link', { name: /^Home/ });
  await expect(link).toHaveCount(1);
  await page.reload();
  await expect(link).toHaveCount(1);
  await new Site(page).isAlive();

  const other = await secondDevice(browser, customer);
  await other.getByRole('navigation', { name: 'Views' }).getByRole('link', { name: /^Home/ }).click();
  await other.getByText('List options').click();
  await other.getByRole('button', { name: 'Delete list and its to-dos' }).click();
  await expect(page.getByText('There is no such list any more.')).toBeVisible();
  await todos.add('paint the door');
  await todos.view('All').click();
  await todos.shows('pay rent', 'paint the door');
});

test('a list is not deleted with what another device put in it, unseen', async ({ page, browser }) => {
  const customer = await new Site(page).signUp();
  const todos = new Todos(page);
  await page.getByRole('textbox', { name: 'New list' }).fill('Home');
  await page.getByRole('textbox', { name: 'New list' }).press('Enter');
  await expect(page.getByRole('heading', { level: 1, name: 'Home' })).toBeVisible();
  await todos.add('paint the door');
  // This page hears of nothing any more.
  await page.route('**/events*', (route) => route.abort());
  await page.reload();
  await new Site(page).isAlive();

  const other = await secondDevice(browser, customer);
  await other.getByRole('navigation', { name: 'Views' }).getByRole('link', { name: /^Home/ }).click();
  await new Todos(other).add('mend the roof');

  await page.getByText('List options').click();
  await page.getByRole('button', { name: 'Delete list and its to-dos' }).click();
  await expect(page.locator('#main').getByRole('alert')).toContainText('Another device changed this meanwhile.');
  await todos.shows('paint the door', 'mend the roof');
  await page.getByRole('button', { name: 'Delete list and its to-dos' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'To-dos' })).toBeVisible();
});

test('the name of a list that is half typed survives a reload', async ({ page }) => {
  await new Site(page).signUp();
  await page.getByRole('textbox', { name: 'New list' }).fill('Holi');
  await page.reload();
  await expect(page.getByRole('textbox', { name: 'New list' })).toHaveValue('Holi');
});

/** Makes a list and renames it; `meanwhile` happens; then both are undone, and nothing else is. */
async function undoesListChanges(page: Page, meanwhile: () => Promise<void>): Promise<void> {
  await new Site(page).signUp();
  const todos = new Todos(page);
  await todos.add('pay rent');
  const link = (name: string) => page.getByRole('navigation', { name: 'Views' }).getByRole('link', { name, exact: true });
  const undo = page.getByRole('button', { name: 'Undo last change' });
  const alert = page.locator('#main').getByRole('alert');
  await page.getByRole('textbox', { name: 'New list' }).fill('Home');
  await page.getByRole('textbox', { name: 'New list' }).press('Enter');
  await expect(page.getByRole('heading', { level: 1, name: 'Home' })).toBeVisible();
  await page.getByText('List options').click();
  await page.getByRole('textbox', { name: 'Name of the list' }).fill('House');
  await page.getByRole('button', { name: 'Rename' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'House' })).toBeVisible();
  await expect(link('House')).toBeVisible();
  await meanwhile();
  await undo.click();
  await expect(page.getByRole('heading', { level: 1, name: 'Home' })).toBeVisible();
  await expect(link('Home')).toBeVisible();
  await expect(alert).toBeEmpty();
  await undo.click();
  await expect(link('Home')).toHaveCount(0);
  await expect(alert).toBeEmpty();
  await todos.view('All').click();
  await page.reload();
  await todos.shows('pay rent');
  await expect(link('Home')).toHaveCount(0);
  await expect(link('House')).toHaveCount(0);
}

test('a list that was made, and a name that was given to one, are undone', async ({ page }) => {
  await undoesListChanges(page, async () => {});
});

test('a list that was made, and a name that was given to one, are undone after a reload', async ({ page }) => {
  await undoesListChanges(page, async () => {
    await page.reload();
    await new Site(page).isAlive();
  });
});

test('a to-do moves to another list by its details', async ({ page }) => {
  await new Site(page).signUp();
  const todos = new Todos(page);
  await todos.add('pay rent', 'buy milk');
  await page.getByRole('textbox', { name: 'New list' }).fill('Home');
  await page.getByRole('textbox', { name: 'New list' }).press('Enter');
  await expect(page.getByRole('heading', { level: 1, name: 'Home' })).toBeVisible();
  await todos.view('All').click();
  await new Details(page).open('pay rent');
  await new Details(page).region().getByLabel('List').selectOption('Home');
  await todos.isSaved();
  await page.getByRole('navigation', { name: 'Views' }).getByRole('link', { name: /^Home/ }).click();
  await todos.shows('pay rent');
});

test('what repeats comes again when it is done, and one undo takes both back', async ({ page }) => {
  await new Site(page).signUp();
  const todos = new Todos(page);
  const details = new Details(page);
  await todos.add('water the plants');
  await details.open('water the plants');
  await details.choose('Today');
  await details.region().getByLabel('Repeat').selectOption('Every week');
  await todos.isSaved();
  await details.close();
  await todos.checkbox('water the plants').first().click();
  await expect(todos.rows()).toHaveCount(2);
  await expect(page.locator('.count')).toHaveText('1 item left');
  await page.keyboard.press('Control+z');
  await expect(todos.rows()).toHaveCount(1);
  await expect(todos.checkbox('water the plants')).not.toBeChecked();
});
