// What goes wrong, as the server says it: what to do, and nothing of its inside.
import { expect, test, type Page } from '@playwright/test';
import { freePort, startErrand, type Errand } from '../errand.ts';
import { Site, webUrl } from '../pages.ts';

let errand: Errand;
let others: Record<string, string | undefined>;

test.beforeAll(async () => {
  // Nobody is there.
  const api = `http://127.0.0.1:${await freePort()}`;
  errand = await startErrand('errand-errors', () => ({ ERRAND_WEB__DOWNSTREAM_APIS__TODOLIST__BASE_URL: api }));
  others = { ERRAND_WEB_URL: process.env.ERRAND_WEB_URL, ERRAND_TENANT_URL: process.env.ERRAND_TENANT_URL };
  Object.assign(process.env, { ERRAND_WEB_URL: errand.web, ERRAND_TENANT_URL: errand.tenant });
});

test.afterAll(async () => {
  Object.assign(process.env, others);
  await errand?.stop();
});

/** Nothing in the document is of use to somebody who looks for a way in: no words of programs, other addresses, or tokens. */
async function keepsToItself(page: Page): Promise<void> {
  const inside = /panick|backtrace|\w+\.rs\b|sqlx|reqwest|hyper|os error|connection refused|bearer|127\.0\.0\.1|eyJ[\w-]{10,}\./i;
  expect((await page.content()).match(inside)).toBeNull();
}

/** Sends a form that no page has. */
async function send(page: Page, action: string, fields: Record<string, string>): Promise<number> {
  const answered = page.waitForResponse((answer) => answer.request().method() === 'POST');
  await page.evaluate(
    ([action, fields]) => {
      const form = Object.assign(document.createElement('form'), { method: 'post', action });
      for (const [name, value] of Object.entries(fields)) form.append(Object.assign(document.createElement('input'), { name, value }));
      document.body.append(form);
      form.submit();
    },
    [action, fields] as const,
  );
  return (await answered).status();
}

test('an error that the server renders says what to do, and nothing of its inside', async ({ page }) => {
  const missing = page.getByRole('heading', { name: 'There is no such page' });
  const answer = await page.goto(`${webUrl()}/nothing-here`);
  expect(answer?.status()).toBe(404);
  await expect(missing).toBeVisible();
  await keepsToItself(page);
  await page.goto(`${webUrl()}/sign-in-problem?reason=<script>alert(1)</script>`);
  await expect(page.getByRole('heading', { level: 1, name: 'You could not be signed in' })).toBeVisible();
  await keepsToItself(page);
  expect(await send(page, '/actions/no-such-action', {})).toBe(404);
  await expect(missing).toBeVisible();
  await keepsToItself(page);

  await new Site(page).signUp();
  const unreachable = page.getByRole('alert').filter({ hasText: 'Your list cannot be reached right now' });
  await expect(unreachable).toBeVisible();
  await keepsToItself(page);
  await page.goto(`${webUrl()}/todos`);
  await expect(unreachable).toBeVisible();
  await keepsToItself(page);
  await send(page, '/actions/todos/add', { description: 'Buy milk' });
  await expect(unreachable.first()).toBeVisible();
  await keepsToItself(page);
});
