// What every to-do list does that calls itself one: the tests of TodoMVC's own suite, by their own names.
import { expect, test as base, type Page } from '@playwright/test';
import { Site, Todos, webUrl } from '../pages.ts';

const [one, two, three] = ['buy some cheese', 'feed the cat', 'book a doctors appointment'] as const;

/** One customer for all of these tests: signing up takes longer than any of them. After a failure it is another one. */
const test = base.extend<{ todos: Todos }, { customer: Page }>({
  customer: [
    async ({ browser }, use) => {
      const page = await browser.newPage({ serviceWorkers: 'block' });
      await new Site(page).signUp();
      await use(page);
      await page.close();
    },
    { scope: 'worker' },
  ],
  page: async ({ customer }, use) => use(customer),
  todos: async ({ page }, use) => {
    await empty(page);
    await new Site(page).open('/todos');
    await use(new Todos(page));
  },
});

/** Takes everything off the list, by the forms of the page. */
async function empty(page: Page): Promise<void> {
  await page.goto('about:blank');
  const seen = String(Number.MAX_SAFE_INTEGER);
  for (const [action, form] of [['done-all', { done: 'true', seen }], ['clear-completed', { seen }]] as const) {
    const headers = { 'sec-fetch-site': 'same-origin' };
    const answer = await page.request.post(`${webUrl()}/actions/todos/${action}`, { form, headers });
    expect(answer.ok(), `${action}: ${answer.status()}`).toBe(true);
  }
}

/** Three to-dos, the second one done. */
async function addThree(todos: Todos): Promise<void> {
  await todos.add(one, two, three);
  await todos.checkbox(two).check();
  await todos.isSaved();
}

async function edit(todos: Todos, text: string): Promise<void> {
  await todos.page.getByText(text, { exact: true }).dblclick();
  await expect(todos.editField()).toBeFocused();
}

test.describe('When page is initially opened', () => {
  test('should focus on the todo input field', async ({ todos }) => {
    await expect(todos.field()).toBeFocused();
  });
});

test.describe('No Todos', () => {
  test('should hide #main and #footer', async ({ todos, page }) => {
    await expect(page.getByText('Nothing to do', { exact: true })).toBeVisible();
    await expect(page.getByRole('list', { name: 'To-dos' })).toHaveCount(0);
    await expect(todos.toggleAll()).toHaveCount(0);
    await expect(todos.count()).toHaveCount(0);
    await expect(todos.filter('All')).toHaveCount(0);
    await expect(todos.clearCompleted()).toHaveCount(0);
  });
});

test.describe('New Todo', () => {
  test('should allow me to add todo items', async ({ todos }) => {
    await todos.add(one);
    await todos.shows(one);
    await todos.add(two);
    await todos.shows(one, two);
  });

  test('should clear text input field when an item is added', async ({ todos }) => {
    await todos.add(one);
    await expect(todos.field()).toHaveValue('');
    await expect(todos.field()).toBeFocused();
  });

  test('should append new items to the bottom of the list', async ({ todos }) => {
    await todos.add(one, two, three);
    await todos.shows(one, two, three);
    await expect(todos.count()).toHaveText('3 items left');
  });

  test('should trim text input', async ({ todos }) => {
    for (const text of [`   ${one}   `, '   ']) {
      await todos.field().fill(text);
      await todos.field().press('Enter');
    }
    await todos.isSaved();
    await todos.shows(one);
  });

  test('should show #main and #footer when items added', async ({ todos }) => {
    await todos.add(one);
    await expect(todos.rows()).toHaveCount(1);
    await expect(todos.toggleAll()).toBeVisible();
    await expect(todos.count()).toBeVisible();
    await expect(todos.filter('All')).toBeVisible();
  });
});

test.describe('Mark all as completed', () => {
  test.beforeEach(({ todos }) => todos.add(one, two, three));

  test('should allow me to mark all items as completed', async ({ todos }) => {
    await todos.toggleAll().check();
    for (const text of [one, two, three]) await expect(todos.checkbox(text)).toBeChecked();
  });

  test('should allow me to clear the complete state of all items', async ({ todos }) => {
    await todos.toggleAll().check();
    await expect(todos.checkbox(one)).toBeChecked();
    await todos.toggleAll().uncheck();
    for (const text of [one, two, three]) await expect(todos.checkbox(text)).not.toBeChecked();
  });

  test('complete all checkbox should update state when items are completed / cleared', async ({ todos }) => {
    await expect(todos.toggleAll()).not.toBeChecked();
    for (const text of [one, two, three]) await todos.checkbox(text).check();
    await expect(todos.toggleAll()).toBeChecked();
    await todos.checkbox(one).uncheck();
    await expect(todos.toggleAll()).not.toBeChecked();
    await todos.checkbox(one).check();
    await expect(todos.toggleAll()).toBeChecked();
  });
});

test.describe('Item', () => {
  test.beforeEach(({ todos }) => todos.add(one, two));

  test('should allow me to mark items as complete', async ({ todos }) => {
    await todos.checkbox(one).check();
    await expect(todos.checkbox(two)).not.toBeChecked();
    await todos.checkbox(two).check();
    await expect(todos.checkbox(one)).toBeChecked();
  });

  test('should allow me to un-mark items as complete', async ({ todos }) => {
    await todos.checkbox(one).check();
    await todos.checkbox(one).uncheck();
    await expect(todos.checkbox(one)).not.toBeChecked();
    await expect(todos.checkbox(two)).not.toBeChecked();
  });

  test('should allow me to edit an item', async ({ todos }) => {
    await edit(todos, two);
    await expect(todos.editField()).toHaveValue(two);
    await todos.editField().fill('buy some sausages');
    await todos.editField().press('Enter');
    await todos.shows(one, 'buy some sausages');
  });
});

test.describe('Editing', () => {
  test.beforeEach(async ({ todos }) => {
    await todos.add(one, two, three);
    await edit(todos, two);
  });

  test('should hide other controls when editing', async ({ todos, page }) => {
    await expect(todos.checkbox(two)).toBeHidden();
    await expect(page.getByText(two, { exact: true })).toBeHidden();
    await expect(todos.checkbox(one)).toBeVisible();
  });

  test('should save edits on enter', async ({ todos }) => {
    await todos.editField().fill('buy some sausages');
    await todos.editField().press('Enter');
    await todos.shows(one, 'buy some sausages', three);
  });

  test('should save edits on blur', async ({ todos, page }) => {
    await todos.editField().fill('buy some sausages');
    await page.getByRole('heading', { level: 1 }).click();
    await todos.shows(one, 'buy some sausages', three);
  });

  test('should trim entered text', async ({ todos }) => {
    await todos.editField().fill('    buy some sausages    ');
    await todos.editField().press('Enter');
    await todos.shows(one, 'buy some sausages', three);
    await edit(todos, 'buy some sausages');
    await expect(todos.editField()).toHaveValue('buy some sausages');
  });

  test('should remove the item if an empty text string was entered', async ({ todos }) => {
    await todos.editField().fill('');
    await todos.editField().press('Enter');
    await todos.shows(one, three);
  });

  test('should cancel edits on escape', async ({ todos }) => {
    await todos.editField().fill('buy a horse');
    await todos.editField().press('Escape');
    await todos.shows(one, two, three);
  });
});

test.describe('Counter', () => {
  test('should display the current number of todo items', async ({ todos }) => {
    await todos.add(one);
    await expect(todos.count()).toHaveText('1 item left');
    await expect(todos.count().locator('strong')).toHaveText('1');
    await todos.add(two);
    await expect(todos.count()).toHaveText('2 items left');
  });
});

test.describe('Clear completed button', () => {
  test.beforeEach(({ todos }) => addThree(todos));

  test('should display the correct text', async ({ todos }) => {
    await expect(todos.clearCompleted()).toHaveText('Clear completed');
  });

  test('should remove completed items when clicked', async ({ todos }) => {
    await todos.clearCompleted().click();
    await todos.shows(one, three);
  });

  test('should be hidden when there are no items that are completed', async ({ todos }) => {
    await expect(todos.clearCompleted()).toBeVisible();
    await todos.clearCompleted().click();
    await expect(todos.clearCompleted()).toBeHidden();
  });
});

test.describe('Persistence', () => {
  test('should persist its data', async ({ todos, page }) => {
    await addThree(todos);
    await page.reload();
    await new Site(page).isAlive();
    await todos.shows(one, two, three);
    await expect(todos.checkbox(two)).toBeChecked();
    await expect(todos.checkbox(one)).not.toBeChecked();
  });
});

test.describe('Routing', () => {
  test.beforeEach(({ todos }) => addThree(todos));

  test('should allow me to display active items', async ({ todos }) => {
    await todos.filter('Active').click();
    await todos.shows(one, three);
  });

  test('should respect the back button', async ({ todos, page }) => {
    await todos.filter('Active').click();
    await todos.shows(one, three);
    await todos.filter('Completed').click();
    await todos.shows(two);
    await page.goBack();
    await todos.shows(one, three);
    await page.goBack();
    await todos.shows(one, two, three);
  });

  test('should allow me to display completed items', async ({ todos }) => {
    await todos.filter('Completed').click();
    await todos.shows(two);
  });

  test('should allow me to display all items', async ({ todos }) => {
    await todos.filter('Active').click();
    await todos.shows(one, three);
    await todos.filter('All').click();
    await todos.shows(one, two, three);
  });

  test('should highlight the currently applied filter', async ({ todos }) => {
    const current = todos.page.getByRole('navigation', { name: 'Filter' }).locator('[aria-current=page]');
    await expect(current).toHaveText('All');
    for (const filter of ['Active', 'Completed', 'All'] as const) {
      await todos.filter(filter).click();
      await expect(current).toHaveText(filter);
    }
  });
});
