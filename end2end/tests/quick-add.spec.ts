import AxeBuilder from '@axe-core/playwright';
import { expect, test, type Page } from '@playwright/test';
import { Site, Todos } from '../pages.ts';

test.use({ locale: 'en-GB', timezoneId: 'Europe/Madrid' });

test.beforeEach(async ({ page }) => {
  await new Site(page).signUp();
});

const understood = (page: Page) => page.getByRole('list', { name: 'Understood' }).getByRole('listitem');
const notMeant = (page: Page, what: string) => page.getByRole('button', { name: `Not meant: ${what}` });

/** Pastes a text into the field that has the focus, as Ctrl+V does. */
async function paste(page: Page, text: string): Promise<void> {
  await page.evaluate((text) => {
    const data = new DataTransfer();
    data.setData('text/plain', text);
    const event = new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true });
    document.activeElement?.dispatchEvent(event);
  }, text);
}

test('what is understood is shown while it is typed, and applied', async ({ page }) => {
  const todos = new Todos(page);
  await todos.field().pressSequentially('Buy milk tomorrow 9am !');
  await expect(understood(page)).toHaveText(['Due tomorrow 9:00', 'Star']);
  await expect(page.getByRole('status').filter({ hasText: 'Due tomorrow 9:00, Star' })).toBeAttached();
  await todos.field().press('Enter');
  await todos.shows('Buy milk');
  await expect(todos.row('Buy milk').locator('time')).toHaveText('Tomorrow 9:00');
  await expect(todos.row('Buy milk').getByRole('button', { name: 'Star Buy milk' })).toHaveAttribute('aria-pressed', 'true');
  await expect(understood(page)).toHaveCount(0);
  await todos.isSaved();
  await page.reload();
  await expect(todos.row('Buy milk').locator('time')).toHaveText('Tomorrow 9:00');
});

test('a list and how it repeats are understood, and what is no list is said', async ({ page }) => {
  const todos = new Todos(page);
  await page.getByRole('textbox', { name: 'New list' }).fill('Home');
  await page.getByRole('textbox', { name: 'New list' }).press('Enter');
  await expect(page.getByRole('heading', { level: 1, name: 'Home' })).toBeVisible();
  await todos.view('All').click();
  await todos.field().pressSequentially('Water the plants #home every week');
  await expect(understood(page)).toHaveText([/^Due /, 'Repeats every week', 'List: Home']);
  await todos.field().press('Enter');
  await expect(understood(page)).toHaveCount(0);
  await todos.field().pressSequentially('Paint #work');
  await expect(understood(page)).toHaveText(['There is no list “#work”']);
  await todos.field().fill('');
  await todos.isSaved();
  await page.getByRole('navigation', { name: 'Views' }).getByRole('link', { name: /^Home/ }).click();
  await todos.shows('Water the plants');
  await todos.checkbox('Water the plants').click();
  await expect(page.locator('.count')).toHaveText('1 item left');
});

test('what is not meant is taken back, and stays in the text', async ({ page }) => {
  const todos = new Todos(page);
  await todos.field().fill('Watch The Day After Tomorrow !');
  await expect(understood(page)).toHaveCount(2);
  await notMeant(page, 'Star').click();
  await expect(understood(page)).toHaveCount(1);
  await expect(todos.field()).toBeFocused();
  await page.getByRole('button', { name: /^Not meant: Due / }).click();
  await expect(understood(page)).toHaveCount(0);
  await todos.field().press('Enter');
  await todos.shows('Watch The Day After Tomorrow !');
  await expect(todos.rows().locator('time')).toHaveCount(0);
  // The next text begins anew.
  await todos.field().fill('Buy milk !');
  await expect(understood(page)).toHaveText(['Star']);
});

test('words that may mean something else are left alone', async ({ page }) => {
  const todos = new Todos(page);
  for (const text of ['Wait until tomorrow', 'The cat sat', 'Buy 7 up', 'Shop open 9am to 5pm', 'tomorrow']) {
    await todos.field().fill(text);
    await expect(understood(page)).toHaveCount(0);
    await todos.field().press('Enter');
    await expect(todos.row(text).first()).toBeVisible();
  }
  await expect(todos.rows().locator('time')).toHaveCount(0);
});

test('somebody who also reads Spanish writes in Spanish', async ({ page }) => {
  await page.addInitScript(() => Object.defineProperty(navigator, 'languages', { get: () => ['en-US', 'es-ES'] }));
  await page.reload();
  await new Site(page).isAlive();
  const todos = new Todos(page);
  await todos.field().fill('Comprar leche mañana a las 9');
  await expect(understood(page)).toHaveText(['Due tomorrow 9:00']);
  await todos.field().press('Enter');
  await todos.shows('Comprar leche');
});

test('several lines that are pasted become a to-do each, or one', async ({ page }) => {
  const todos = new Todos(page);
  await todos.field().focus();
  await paste(page, '- milk\n- [ ] bread\n\n* tea\n1. salt\n[x] eggs\n');
  await expect(todos.field()).toHaveValue('milk, bread, tea, salt, eggs');
  await page.getByRole('button', { name: 'Add 5 to-dos' }).click();
  await todos.shows('milk', 'bread', 'tea', 'salt', 'eggs');
  await expect(todos.checkbox('eggs')).toBeChecked();
  await expect(todos.checkbox('milk')).not.toBeChecked();
  await expect(todos.field()).toHaveValue('');
  await expect(todos.field()).toBeFocused();
  await todos.isSaved();

  await paste(page, 'pen\npaper');
  await page.getByRole('button', { name: 'Add as one' }).click();
  await expect(todos.row('pen, paper')).toHaveCount(1);
  await expect(page.getByRole('button', { name: 'Add as one' })).toHaveCount(0);
});

test('one line that is pasted is pasted as ever', async ({ page }) => {
  const todos = new Todos(page);
  await todos.field().fill('x');
  await paste(page, 'milk\n');
  await expect(page.getByRole('button', { name: 'Add as one' })).toHaveCount(0);
});

test('what is in the field stays when lines are added beside it, and the 201st waits', async ({ page }) => {
  const todos = new Todos(page);
  await todos.field().fill('half a thought');
  await todos.field().press('End');
  const lines = Array.from({ length: 202 }, (_, place) => `line ${place + 1}`);
  await paste(page, lines.join('\n'));
  await page.getByRole('button', { name: 'Add 200 to-dos' }).click();
  await expect(todos.rows()).toHaveCount(200);
  await expect(todos.field()).toHaveValue('half a thought, line 201, line 202');
  await page.getByRole('button', { name: 'Add 2 to-dos' }).click();
  await expect(todos.rows()).toHaveCount(202);
  await expect(todos.field()).toHaveValue('half a thought');
});

test('what is understood is accessible', async ({ page }) => {
  const todos = new Todos(page);
  for (const { colorScheme, width } of [
    { colorScheme: 'light', width: 1280 },
    { colorScheme: 'dark', width: 320 },
  ] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await page.setViewportSize({ width, height: 800 });
    await todos.field().fill('Buy milk tomorrow 9am !');
    await expect(understood(page)).toHaveCount(2);
    const { violations } = await new AxeBuilder({ page }).analyze();
    expect.soft(violations.map(({ id }) => id)).toEqual([]);
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    expect.soft(overflow).toBeLessThanOrEqual(0);
  }
});
