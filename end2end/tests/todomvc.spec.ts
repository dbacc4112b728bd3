// What every to-do list does that calls itself one, by the names that TodoMVC's own suite has for it.
import { expect, test } from '@playwright/test';
import { Site, Todos } from '../pages.ts';

const [one, two, three] = ['buy some cheese', 'feed the cat', 'book a doctors appointment'] as const;

test.beforeEach(async ({ page }) => {
  await new Site(page).signUp();
});

test('New Todo', async ({ page }) => {
  const todos = new Todos(page);
  await test.step('should focus on the todo input field', async () => {
    await expect(todos.field()).toBeFocused();
  });
  await test.step('should hide the list and its footer when there is nothing', async () => {
    await expect(todos.rows()).toHaveCount(0);
    await expect(todos.toggleAll()).toHaveCount(0);
    await expect(todos.clearCompleted()).toHaveCount(0);
  });
  await test.step('should allow me to add todo items', async () => {
    await todos.add(one);
    await todos.shows(one);
    await todos.add(two);
    await todos.shows(one, two);
  });
  await test.step('should clear text input field when an item is added', async () => {
    await expect(todos.field()).toHaveValue('');
    await expect(todos.field()).toBeFocused();
  });
  await test.step('should append new items to the bottom of the list', async () => {
    await todos.add(three);
    await todos.shows(one, two, three);
    await expect(todos.count()).toHaveText('3 items left');
  });
  await test.step('should trim entered text, and add nothing of blanks', async () => {
    for (const text of ['   trimmed   ', '   ']) {
      await todos.field().fill(text);
      await todos.field().press('Enter');
    }
    await todos.shows(one, two, three, 'trimmed');
  });
});

test('Mark all as completed', async ({ page }) => {
  const todos = new Todos(page);
  await todos.add(one, two, three);
  await test.step('should allow me to mark all items as completed', async () => {
    await todos.toggleAll().check();
    for (const text of [one, two, three]) await expect(todos.checkbox(text)).toBeChecked();
  });
  await test.step('complete all checkbox should update state when items are completed / cleared', async () => {
    await expect(todos.toggleAll()).toBeChecked();
    await todos.checkbox(one).uncheck();
    await expect(todos.toggleAll()).not.toBeChecked();
    await todos.checkbox(one).check();
    await expect(todos.toggleAll()).toBeChecked();
  });
  await test.step('should allow me to clear the complete state of all items', async () => {
    await todos.toggleAll().uncheck();
    for (const text of [one, two, three]) await expect(todos.checkbox(text)).not.toBeChecked();
  });
});

test('Item', async ({ page }) => {
  const todos = new Todos(page);
  await todos.add(one, two);
  await test.step('should allow me to mark items as complete', async () => {
    await todos.checkbox(one).check();
    await expect(todos.checkbox(two)).not.toBeChecked();
  });
  await test.step('should allow me to un-mark items as complete', async () => {
    await todos.checkbox(one).uncheck();
    await expect(todos.checkbox(one)).not.toBeChecked();
    await expect(todos.checkbox(two)).not.toBeChecked();
  });
  await test.step('should allow me to edit an item', async () => {
    await page.getByText(two, { exact: true }).dblclick();
    await expect(todos.editField()).toHaveValue(two);
    await todos.editField().fill('buy some sausages');
    await todos.editField().press('Enter');
    await todos.shows(one, 'buy some sausages');
  });
});

test('Editing', async ({ page }) => {
  const todos = new Todos(page);
  await todos.add(one, two, three);
  const edit = async (text: string) => {
    await page.getByText(text, { exact: true }).dblclick();
    await expect(todos.editField()).toBeFocused();
  };
  await test.step('should hide other controls when editing', async () => {
    await edit(two);
    await expect(todos.checkbox(two)).toBeHidden();
    await expect(page.getByText(two, { exact: true })).toBeHidden();
    await todos.editField().press('Escape');
  });
  await test.step('should save edits on blur', async () => {
    await edit(two);
    await todos.editField().fill('buy some sausages');
    await page.getByRole('heading', { level: 1 }).click();
    await todos.shows(one, 'buy some sausages', three);
  });
  await test.step('should trim entered text', async () => {
    await edit('buy some sausages');
    await todos.editField().fill('    buy some bread    ');
    await todos.editField().press('Enter');
    await todos.shows(one, 'buy some bread', three);
  });
  await test.step('should cancel edits on escape', async () => {
    await edit('buy some bread');
    await todos.editField().fill('buy a horse');
    await todos.editField().press('Escape');
    await todos.shows(one, 'buy some bread', three);
  });
  await test.step('should remove the item if an empty text string was entered', async () => {
    await edit('buy some bread');
    await todos.editField().fill('');
    await todos.editField().press('Enter');
    await todos.shows(one, three);
  });
});

test('Counter, clear completed button, persistence and routing', async ({ page }) => {
  const todos = new Todos(page);
  await test.step('should display the current number of todo items', async () => {
    await todos.add(one);
    await expect(todos.count()).toHaveText('1 item left');
    await expect(todos.count().locator('strong')).toHaveText('1');
    await todos.add(two, three);
    await expect(todos.count()).toHaveText('3 items left');
  });
  await test.step('should be hidden when there are no items that are completed', async () => {
    await expect(todos.clearCompleted()).toBeHidden();
    await todos.checkbox(two).check();
    await expect(todos.clearCompleted()).toBeVisible();
    await todos.isSaved();
  });
  await test.step('should persist its data', async () => {
    await page.reload();
    await new Site(page).isAlive();
    await todos.shows(one, two, three);
    await expect(todos.checkbox(two)).toBeChecked();
    await expect(todos.checkbox(one)).not.toBeChecked();
  });
  await test.step('should allow me to display active items', async () => {
    await todos.filter('Active').click();
    await todos.shows(one, three);
  });
  await test.step('should allow me to display completed items', async () => {
    await todos.filter('Completed').click();
    await todos.shows(two);
  });
  await test.step('should respect the back button', async () => {
    await page.goBack();
    await todos.shows(one, three);
    await page.goBack();
    await todos.shows(one, two, three);
  });
  await test.step('should highlight the currently applied filter', async () => {
    await todos.filter('All').click();
    await expect(todos.filter('All')).toHaveAttribute('aria-current', 'page');
    await todos.filter('Active').click();
    await expect(todos.filter('Active')).toHaveAttribute('aria-current', 'page');
    await expect(todos.filter('All')).not.toHaveAttribute('aria-current', 'page');
  });
  await test.step('should remove completed items when clicked', async () => {
    await todos.filter('All').click();
    await todos.clearCompleted().click();
    await todos.shows(one, three);
    await expect(todos.clearCompleted()).toBeHidden();
  });
});
