import { expect, test, type Page } from '@playwright/test';
import { Site, Todos, webUrl } from '../pages.ts';

// Everywhere else the tests stand between page and server themselves.
test.use({ serviceWorkers: 'allow' });

/** Leaves the page as it is now for when there is no network. */
async function keep(page: Page): Promise<void> {
  await page.waitForFunction(() => navigator.serviceWorker.controller !== null);
  await page.evaluate(() => navigator.serviceWorker.controller?.postMessage('keep'));
  await expect.poll(() => page.evaluate(async () => (await (await caches.open('page')).keys()).length)).toBe(1);
  await page.waitForTimeout(1000);
}

test('without a network the last list opens, is alive, and what is typed is sent later', async ({ page, context }) => {
  const todos = new Todos(page);
  await new Site(page).signUp();
  await todos.add('Buy milk');
  await keep(page);
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

test('signed out, nothing is shown without a network, and nothing is kept', async ({ page, context }) => {
  const site = new Site(page);
  await site.signUp();
  await new Todos(page).add('A private matter');
  await keep(page);
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
  await keep(page);
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
