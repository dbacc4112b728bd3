// All of a to-do: days, stars, notes, steps, places, and the views of the list.
import { expect, test } from '@playwright/test';
import { Details, Site, Todos, secondDevice, webUrl } from '../pages.ts';

test.beforeEach(({}, info) => {
  test.skip(info.project.use.javaScriptEnabled === false, 'the forms without scripts are tried in tests/integration');
});

test('a day, a note and steps are saved as they are entered, and are there after a reload', async ({ page }) => {
  await new Site(page).signUp();
  const todos = new Todos(page);
  const details = new Details(page);
  await todos.add('pay rent', 'buy milk');
  await details.open('pay rent');
  await details.choose('Tomorrow');
  await expect(todos.row('pay rent').locator('time')).toHaveText('Tomorrow');
  await details.note().fill('Ask for the new IBAN.');
  await details.note().blur();
  await details.addStep('look up the amount');
  await details.addStep('transfer it');
  await details.step('look up the amount').click();
  await expect(todos.row('pay rent').locator('.facts')).toContainText('1 of 2');
  await todos.isSaved();

  await page.reload();
  await new Site(page).isAlive();
  await expect(details.note()).toHaveValue('Ask for the new IBAN.');
  await expect(details.step('look up the amount')).toBeChecked();
  await expect(details.step('transfer it')).not.toBeChecked();
  await details.close();
  await expect(page).toHaveURL(`${webUrl()}/todos`);
  await expect(page.locator('[aria-label="Details of pay rent"]')).toBeFocused();
});

test('when a to-do reminds, and that it repeats, is kept and shown in its row', async ({ page }) => {
  await new Site(page).signUp();
  const todos = new Todos(page);
  const details = new Details(page);
  await todos.add('water the plants');
  const row = todos.row('water the plants');
  await details.open('water the plants');
  await details.choose('Today');
  await details.region().getByLabel('Repeat').selectOption('Every week');
  await expect(row.getByText('Repeats')).toBeAttached();
  await details.region().getByLabel('Day of the reminder').fill('2099-12-24');
  // A day alone says no moment.
  await expect(details.region().getByText('A reminder needs a day and a time.')).toBeVisible();
  await expect(row.getByText(/^Reminder/)).toHaveCount(0);
  await details.region().getByLabel('Time of the reminder', { exact: true }).fill('09:30');
  await expect(row.getByText('Reminder: Thursday, 24 December 2099, 9:30')).toBeAttached();
  await expect(details.region().getByText('A reminder needs a day and a time.')).toHaveCount(0);
  await todos.isSaved();
  await page.reload();
  await new Site(page).isAlive();
  await expect(details.region().getByLabel('Time of the reminder', { exact: true })).toHaveValue('09:30');
  await expect(row.getByTitle('Reminder: Thursday, 24 December 2099, 9:30')).toBeVisible();
  // What is done, nobody is reminded of.
  await details.close();
  await todos.checkbox('water the plants').first().click();
  await expect(todos.rows()).toHaveCount(2);
  await expect(page.locator('.todo--done').getByText(/^Reminder/)).toHaveCount(0);
});

test('a day that is entered just before other details are opened is saved, and nothing breaks', async ({ page }) => {
  const errors: Error[] = [];
  page.on('pageerror', (error) => errors.push(error));
  await page.clock.install();
  await new Site(page).signUp();
  const todos = new Todos(page);
  const details = new Details(page);
  await todos.add('pay rent', 'buy milk');
  await details.open('pay rent');
  for (const leave of ['Tab', undefined]) {
    await details.region().getByLabel('Day', { exact: true }).fill(leave ? '2099-01-02' : '2099-01-03');
    if (leave) await page.keyboard.press(leave);
    // By its address: what has the focus is not left first.
    await todos.row('buy milk').getByRole('link', { name: 'Details of buy milk' }).evaluate((link: HTMLElement) => link.click());
    await expect(details.region().getByRole('textbox', { name: 'To-do' })).toHaveValue('buy milk');
    await page.clock.runFor(5000);
    await expect(todos.row('pay rent').locator('time')).toHaveAttribute('datetime', leave ? '2099-01-02' : '2099-01-03');
    await expect(todos.row('buy milk').locator('time')).toHaveCount(0);
    await details.open('pay rent');
  }
  expect(errors).toEqual([]);
});

test('a note is saved once its author pauses, and when the page goes away', async ({ page, browser }) => {
  const customer = await new Site(page).signUp();
  const todos = new Todos(page);
  const details = new Details(page);
  await todos.add('pay rent');
  await details.open('pay rent');
  await details.note().pressSequentially('first');
  await expect(todos.row('pay rent').getByText('Has a note')).toBeVisible();
  await todos.isSaved();
  await details.note().pressSequentially(' and more');
  await page.reload();
  await new Site(page).isAlive();
  await expect(details.note()).toHaveValue('first and more');
  const other = await secondDevice(browser, customer);
  await new Details(other).open('pay rent');
  await expect(new Details(other).note()).toHaveValue('first and more');
});

test('closing the details writes nothing over what was undone, or what another device wrote', async ({ page, browser }) => {
  const customer = await new Site(page).signUp();
  const todos = new Todos(page);
  const details = new Details(page);
  await todos.add('pay rent');
  await details.open('pay rent');
  const text = details.region().getByRole('textbox', { name: 'To-do' });
  await text.fill('pay the rent');
  await text.blur();
  await todos.shows('pay the rent');
  await todos.isSaved();
  await page.getByRole('button', { name: 'Undo last change' }).click();
  await expect(text).toHaveValue('pay rent');
  await details.note().fill('here');
  await details.note().blur();
  await todos.isSaved();
  const other = await secondDevice(browser, customer);
  await new Details(other).open('pay rent');
  await new Details(other).note().fill('there');
  await new Details(other).note().blur();
  await expect(details.note()).toHaveValue('there');
  await details.close();
  await todos.isSaved();
  await page.reload();
  await todos.shows('pay rent');
  await details.open('pay rent');
  await expect(details.note()).toHaveValue('there');
});

test('what is typed into the details of a to-do that is deleted elsewhere is not lost', async ({ page, browser }) => {
  const customer = await new Site(page).signUp();
  const todos = new Todos(page);
  await todos.add('pay rent', 'buy milk');
  const other = await secondDevice(browser, customer);
  await new Details(page).open('pay rent');
  // Without a pause: nothing of it is saved when the row goes away.
  const note = new Details(page).note();
  const typing = note.pressSequentially('1234567890 '.repeat(4), { delay: 120 });
  await expect(note).toHaveValue(/^1234/);
  await new Todos(other).press('Delete', 'pay rent');
  await typing;
  const conflict = todos.row('pay rent').locator('.todo__conflict');
  await expect(conflict).toContainText('1234');
  await conflict.getByRole('button', { name: /^Add it again/ }).click();
  await todos.isSaved();
  await new Details(page).close();
  await new Details(page).open('pay rent');
  await expect(new Details(page).note()).toHaveValue(/^1234/);
});

test('nothing is done to all rows while a search shows some of them', async ({ page }) => {
  await new Site(page).signUp();
  const todos = new Todos(page);
  await todos.add('buy milk', 'pay rent');
  await todos.checkbox('pay rent').click();
  await expect(todos.clearCompleted()).toBeVisible();
  await page.getByRole('searchbox', { name: 'Search' }).fill('milk');
  await todos.shows('buy milk');
  await expect(todos.clearCompleted()).toBeHidden();
  await expect(todos.toggleAll()).toBeHidden();
});

test('a step that is half typed when the details are closed is added', async ({ page }) => {
  await new Site(page).signUp();
  const todos = new Todos(page);
  const details = new Details(page);
  await todos.add('pay rent');
  await details.open('pay rent');
  await details.region().getByRole('textbox', { name: 'New step' }).fill('find the bill');
  await details.close();
  await expect(todos.row('pay rent').locator('.facts')).toContainText('0 of 1');
});

test('of two notes that two devices wrote, both are shown, and the customer chooses', async ({ page, browser }) => {
  const customer = await new Site(page).signUp();
  const todos = new Todos(page);
  await todos.add('pay rent');
  const other = await secondDevice(browser, customer);
  await page.context().setOffline(true);
  await new Details(page).open('pay rent');
  await new Details(page).note().fill('by card');
  await new Details(page).note().blur();
  await new Details(other).open('pay rent');
  await new Details(other).note().fill('by bank transfer');
  await new Details(other).note().blur();
  await new Todos(other).isSaved();
  await page.context().setOffline(false);
  const conflict = todos.row('pay rent').locator('.todo__conflict');
  await expect(conflict).toContainText('by bank transfer');
  await expect(conflict).toContainText('by card');
  await conflict.getByRole('button', { name: /^Keep both/ }).click();
  await todos.isSaved();
  await expect(new Details(other).note()).toHaveValue('by bank transfer\n\nby card');
});

test('two devices add steps to one to-do at the same time, and both are there', async ({ page, browser }) => {
  const customer = await new Site(page).signUp();
  await new Todos(page).add('pay rent');
  const other = await secondDevice(browser, customer);
  await new Details(page).open('pay rent');
  await new Details(other).open('pay rent');
  await page.context().setOffline(true);
  await new Details(page).addStep('here');
  await new Details(other).addStep('there');
  await new Todos(other).isSaved();
  await page.context().setOffline(false);
  for (const device of [page, other]) {
    await expect(new Details(device).step('here')).toBeVisible();
    await expect(new Details(device).step('there')).toBeVisible();
  }
});

test('views show what they are named after, and fold away what is done', async ({ page }) => {
  await new Site(page).signUp();
  const todos = new Todos(page);
  const details = new Details(page);
  await todos.add('today', 'later', 'star', 'none');
  await details.open('today');
  await details.choose('Today');
  await details.open('later');
  await details.choose('In a week');
  await page.getByRole('button', { name: 'Star star' }).click();
  await details.close();
  await todos.isSaved();

  await todos.view('Today').click();
  await expect(page.getByRole('heading', { level: 1, name: 'Today' })).toBeVisible();
  await todos.shows('today');
  await todos.view('Planned').click();
  await todos.shows('today', 'later');
  await todos.view('Starred').click();
  await todos.shows('star');
  // What is new in a view is what it shows.
  await todos.add('another star');
  await expect(page.getByRole('button', { name: 'Star another star' })).toHaveAttribute('aria-pressed', 'true');

  await todos.view('Planned').click();
  await todos.checkbox('today').click();
  await todos.shows('later');
  const folded = page.locator('.folded');
  await expect(folded.locator('summary')).toHaveText('Completed 1');
  await folded.locator('summary').click();
  await expect(folded.getByRole('checkbox', { name: 'today' })).toBeChecked();
  await page.reload();
  await new Site(page).isAlive();
  await expect(page.locator('.folded').getByRole('checkbox', { name: 'today' }), 'remembered').toBeVisible();
});

test('what was due before today is overdue until it is done', async ({ page }) => {
  await new Site(page).signUp();
  const todos = new Todos(page);
  const details = new Details(page);
  await todos.add('pay rent', 'buy milk', 'call the bank');
  await details.open('pay rent');
  await details.region().getByLabel('Day', { exact: true }).fill('2020-02-29');
  await details.region().getByLabel('Day', { exact: true }).blur();
  await expect(todos.row('pay rent').locator('time')).toHaveText('Overdue: 29 Feb 2020');
  await details.open('buy milk');
  await details.choose('Today');
  await details.close();
  await todos.isSaved();
  await expect(todos.view('Overdue')).toHaveAccessibleName(/1 to do/);
  await todos.view('Overdue').click();
  await expect(page).toHaveURL(`${webUrl()}/todos/overdue`);
  await todos.shows('pay rent');
  await page.reload();
  await todos.shows('pay rent');
  await new Site(page).isAlive();
  await todos.checkbox('pay rent').click();
  await todos.shows();
  await expect(page.getByText('Nothing is overdue. Well done.')).toBeVisible();
});

test('Today folds away what is done, and All keeps it in its place', async ({ page }) => {
  await new Site(page).signUp();
  const todos = new Todos(page);
  const details = new Details(page);
  await todos.add('one', 'two', 'three');
  for (const text of ['one', 'two', 'three']) {
    await details.open(text);
    await details.choose('Today');
  }
  await details.close();
  await todos.checkbox('two').click();
  await todos.isSaved();
  await todos.shows('one', 'two', 'three');
  await todos.view('Today').click();
  await todos.shows('one', 'three');
  const folded = page.locator('.folded');
  await expect(folded.locator('summary')).toHaveText('Completed 1');
  await expect(folded.getByRole('checkbox', { name: 'two' })).toBeHidden();
  await todos.view('All').click();
  await todos.shows('one', 'two', 'three');
  await page.reload();
  await todos.shows('one', 'two', 'three');
  await expect(todos.checkbox('two')).toBeChecked();
});

test('rows are sorted by what is due, and by their stars', async ({ page }) => {
  await new Site(page).signUp();
  const todos = new Todos(page);
  const details = new Details(page);
  await todos.add('whenever', 'later', 'star', 'soon');
  await details.open('later');
  await details.choose('In a week');
  await details.open('soon');
  await details.choose('Tomorrow');
  await details.close();
  await page.getByRole('button', { name: 'Star star' }).click();
  await todos.isSaved();
  const order = page.getByRole('combobox', { name: 'Order' });
  await order.selectOption('Due first');
  await todos.shows('soon', 'later', 'whenever', 'star');
  await order.selectOption('Starred first');
  await todos.shows('star', 'whenever', 'later', 'soon');
  await order.selectOption('My order');
  await todos.shows('whenever', 'later', 'star', 'soon');
});

test('a star, a day and a note are undone', async ({ page }) => {
  await new Site(page).signUp();
  const todos = new Todos(page);
  const details = new Details(page);
  await todos.add('pay rent');
  const star = page.getByRole('button', { name: 'Star pay rent' });
  const undo = page.getByRole('button', { name: 'Undo last change' });
  await star.click();
  await expect(star).toHaveAttribute('aria-pressed', 'true');
  await todos.isSaved();
  await details.open('pay rent');
  await details.choose('Tomorrow');
  await expect(todos.row('pay rent').locator('time')).toHaveText('Tomorrow');
  await details.choose('Today');
  await expect(todos.row('pay rent').locator('time')).toHaveText('Today');
  await details.note().fill('by card');
  await details.note().blur();
  await expect(todos.row('pay rent').getByText('Has a note')).toBeAttached();
  await todos.isSaved();

  await undo.click();
  await expect(details.note()).toHaveValue('');
  await undo.click();
  await expect(todos.row('pay rent').locator('time')).toHaveText('Tomorrow');
  await undo.click();
  await expect(todos.row('pay rent').locator('time')).toHaveCount(0);
  await undo.click();
  await expect(star).toHaveAttribute('aria-pressed', 'false');
  await todos.isSaved();
  await page.reload();
  await todos.shows('pay rent');
  await expect(star).toHaveAttribute('aria-pressed', 'false');
  await expect(todos.row('pay rent').locator('time')).toHaveCount(0);
});

test('a search finds as it is typed, and rows are sorted as is chosen', async ({ page }) => {
  await new Site(page).signUp();
  const todos = new Todos(page);
  await todos.add('Zebra crossing', 'Café con leche', 'apples');
  await page.getByRole('searchbox', { name: 'Search' }).fill('cafe');
  await todos.shows('Café con leche');
  await page.getByRole('searchbox', { name: 'Search' }).fill('nothing like it');
  await expect(page.getByText('Nothing here says that.')).toBeVisible();
  await page.getByRole('searchbox', { name: 'Search' }).fill('');
  await page.getByRole('combobox', { name: 'Order' }).selectOption('A to Z');
  await todos.shows('apples', 'Café con leche', 'Zebra crossing');
});

test('rows are dragged to another place, which another device sees', async ({ page, browser }) => {
  const customer = await new Site(page).signUp();
  const todos = new Todos(page);
  await todos.add('one', 'two', 'three');
  const other = await secondDevice(browser, customer);
  await todos.row('three').hover();
  const grip = (await todos.row('three').locator('.grip').boundingBox())!;
  const first = (await todos.row('one').boundingBox())!;
  await page.mouse.move(grip.x + grip.width / 2, grip.y + grip.height / 2);
  await page.mouse.down();
  await page.mouse.move(first.x + 40, first.y + 20, { steps: 4 });
  await page.mouse.move(first.x + 40, first.y + 4, { steps: 2 });
  await page.mouse.up();
  await todos.shows('three', 'one', 'two');
  await new Todos(other).shows('three', 'one', 'two');
  await page.keyboard.press('Control+z');
  await todos.shows('one', 'two', 'three');
  await new Details(page).open('one');
  await page.getByRole('button', { name: 'Move down' }).click();
  await todos.shows('two', 'one', 'three');
  await todos.isSaved();
  await page.reload();
  await todos.shows('two', 'one', 'three');
});

test('another finger neither drops nor ends what one drags', async ({ page }) => {
  await new Site(page).signUp();
  const todos = new Todos(page);
  await todos.add('one', 'two', 'three');
  await todos.row('three').hover();
  const grip = (await todos.row('three').locator('.grip').boundingBox())!;
  const first = (await todos.row('one').boundingBox())!;
  await page.mouse.move(grip.x + grip.width / 2, grip.y + grip.height / 2);
  await page.mouse.down();
  await page.mouse.move(first.x + 40, first.y + 4, { steps: 4 });
  await expect(page.locator('.todo--dragged')).toHaveText('three');
  const other = { pointerId: 77, bubbles: true, clientX: first.x + 40, clientY: first.y + first.height + 4 };
  for (const event of ['pointermove', 'pointerup', 'lostpointercapture']) await todos.row('two').dispatchEvent(event, other);
  await expect(page.locator('.todo--dragged')).toHaveText('three');
  await expect(page.locator('.todo--drop-before')).toHaveText('one');
  await page.mouse.up();
  await todos.shows('three', 'one', 'two');
});

test('on a phone the details take the place of the list, and "back" brings it again', async ({ page }) => {
  await page.setViewportSize({ width: 320, height: 700 });
  await new Site(page).signUp();
  const todos = new Todos(page);
  await todos.add('pay rent');
  await page.getByRole('link', { name: 'Details of pay rent' }).click();
  await expect(new Details(page).region()).toBeVisible();
  await expect(todos.field()).toBeHidden();
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  expect(overflow).toBeLessThanOrEqual(0);
  await page.goBack();
  await expect(todos.field()).toBeVisible();
  await expect(new Details(page).region()).toBeHidden();
});
