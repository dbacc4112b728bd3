import { expect, test, type Page } from '@playwright/test';
import { Site, Todos, webUrl } from '../pages.ts';

// Everywhere else the tests stand between page and server themselves.
test.use({ serviceWorkers: 'allow' });

/** What is kept of the list, as text; empty where nothing is. */
async function keptPage(page: Page): Promise<string> {
  return await page.evaluate(async () => (await (await caches.match('/todos', { cacheName: 'page' }))?.text()) ?? '');
}

/** Waits until the page has had itself kept, as it does by itself a moment after it was opened, with this to-do on it. */
async function isKept(page: Page, text: string): Promise<void> {
  await page.waitForFunction(() => navigator.serviceWorker.controller !== null);
  await page.reload();
  await new Site(page).isAlive();
  await expect.poll(() => keptPage(page), { message: 'the page that is kept' }).toContain(text);
}

test('without a network the last list opens, is alive, and what is typed is sent later', async ({ page, context }) => {
  const todos = new Todos(page);
  await new Site(page).signUp();
  await todos.add('Buy milk');
  await isKept(page, 'Buy milk');
  await context.setOffline(true);
  await page.goto(`${webUrl()}/todos`);
  await new Site(page).isAlive();
  await todos.shows('Buy milk');
  await todos.field().fill('Call the bank');
  await todos.field().press('Enter');
  await todos.shows('Buy milk', 'Call the bank');
  // Another view leads to it.
  await page.goto(`${webUrl()}/todos/active`);
  await todos.shows('Buy milk', 'Call the bank');
  await context.setOffline(false);
  await page.reload();
  await todos.isSaved();
  await todos.shows('Buy milk', 'Call the bank');
});

test('a page that is left is kept as it was then', async ({ page, context }) => {
  const todos = new Todos(page);
  await new Site(page).signUp();
  await todos.add('Buy milk');
  await isKept(page, 'Buy milk');
  await todos.add('Call the bank');
  // As when the customer looks at another tab.
  await page.evaluate(() => {
    Object.defineProperty(document, 'hidden', { configurable: true, get: () => true });
    document.dispatchEvent(new Event('visibilitychange', { bubbles: true }));
  });
  await expect.poll(() => keptPage(page)).toContain('Call the bank');
  await context.setOffline(true);
  await page.goto(`${webUrl()}/todos`);
  await todos.shows('Buy milk', 'Call the bank');
});

test('signed out, nothing is shown without a network, and nothing is kept', async ({ page, context }) => {
  const site = new Site(page);
  await site.signUp();
  await new Todos(page).add('A private matter');
  await isKept(page, 'A private matter');
  await site.signOut();
  await expect.poll(() => page.evaluate(() => caches.has('page'))).toBe(false);
  await context.setOffline(true);
  await page.goto(`${webUrl()}/todos`);
  await expect(page.getByRole('heading', { name: 'You are offline' })).toBeVisible();
  await expect(page.getByText('A private matter')).toHaveCount(0);
});

test('what is kept holds no token', async ({ page }) => {
  await new Site(page).signUp();
  await new Todos(page).add('Buy milk');
  await isKept(page, 'Buy milk');
  const kept = await page.evaluate(async () => {
    const texts: string[] = [];
    for (const name of await caches.keys()) {
      const cache = await caches.open(name);
      for (const request of await cache.keys()) {
        const answer = await cache.match(request);
        texts.push(JSON.stringify([...(answer?.headers ?? [])]), (await answer?.text()) ?? '');
      }
    }
    return texts.join('\n');
  });
  expect(kept).toContain('Buy milk');
  expect(kept).not.toMatch(/eyJ[\w-]{10,}\./);
  expect(kept.toLowerCase()).not.toContain('set-cookie');
});
