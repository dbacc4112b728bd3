import { expect, test, type Page } from '@playwright/test';
import { isAccessible } from '../accessible.ts';
import { Site, Todos, newCustomer, tenantUrl, webUrl } from '../pages.ts';

test.use({ timezoneId: 'Europe/Madrid' });

/** Chooses a language at the foot of the page, and waits for the page in it. */
async function speak(page: Page, name: 'English' | 'Español'): Promise<void> {
  await page.getByRole('button', { name, exact: true }).click();
  await expect(page.locator('html')).toHaveAttribute('lang', name === 'English' ? 'en' : 'es');
  await new Site(page).isAlive();
}

const field = (page: Page) => page.getByRole('textbox', { name: '¿Qué hay que hacer?' });
const row = (page: Page, text: string) =>
  page.getByRole('list', { name: 'Tareas' }).getByRole('listitem').filter({ hasText: text });

async function add(page: Page, text: string): Promise<void> {
  await field(page).fill(text);
  await field(page).press('Enter');
  await expect(row(page, text)).toHaveCount(1);
  await new Todos(page).isSaved();
}

test('a visitor reads the language that their browser asks for, and another one where they choose it', async ({ browser, javaScriptEnabled }) => {
  const context = await browser.newContext({ locale: 'es-MX', javaScriptEnabled });
  const page = await context.newPage();
  const site = new Site(page);
  await site.open('/');
  await expect(page.locator('html')).toHaveAttribute('lang', 'es');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Todo lo que querías hacer, en un lugar tranquilo');
  await expect(page.getByRole('link', { name: 'Crear cuenta' }).first()).toBeVisible();
  await expect(page.getByRole('button', { name: 'Español' })).toHaveAttribute('aria-current', 'true');
  await page.goto(`${webUrl()}/nada?a=b`);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Esta página no existe');

  await speak(page, 'English');
  await expect(page).toHaveURL(`${webUrl()}/nada?a=b`);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('There is no such page');
  await site.open('/');
  await expect(site.signUpLink()).toBeVisible();
  await context.close();
});

test('who reads Spanish signs up in Spanish, and is written to in it', async ({ browser, javaScriptEnabled }) => {
  const context = await browser.newContext({ locale: 'es-MX', javaScriptEnabled });
  const page = await context.newPage();
  const customer = newCustomer();
  await new Site(page).open('/');
  await page.getByRole('link', { name: 'Crear cuenta' }).first().click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Crea una cuenta');
  // The app's language is asked for, whatever the browser's is; what is chosen on the page counts more.
  await page.getByRole('button', { name: 'English', exact: true }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Create an account');
  await page.getByRole('button', { name: 'Español', exact: true }).click();
  await page.getByRole('button', { name: 'Siguiente' }).click();
  await expect(page.getByRole('alert')).toHaveText('Escribe tu correo electrónico.');
  await expect(page).toHaveTitle(/^Error: Crea una cuenta/);
  await page.getByLabel('Correo electrónico').fill(customer.email);
  await page.getByRole('button', { name: 'Siguiente' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Revisa tu correo');
  const answer = await page.request.get(`${tenantUrl()}/mailbox.json`, { params: { to: customer.email } });
  const { messages } = (await answer.json()) as { messages: { subject: string; passcode: string }[] };
  expect(messages[0]?.subject).toBe('Tu código de verificación de Errand');
  await page.getByLabel('Código', { exact: true }).fill(messages[0]?.passcode ?? '');
  await page.getByRole('button', { name: 'Continuar' }).click();
  await page.getByLabel('Contraseña nueva', { exact: true }).fill(customer.password);
  await page.getByLabel('Repite la contraseña nueva').fill(customer.password);
  await page.getByLabel('Tu nombre').fill(customer.name);
  await page.getByLabel('País o región').selectOption({ label: 'Noruega' });
  await page.getByRole('button', { name: 'Crear cuenta' }).click();
  await page.waitForURL(`${webUrl()}/**`);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Tareas');
  await context.close();
});

test('a customer keeps their list in Spanish', async ({ page, javaScriptEnabled }) => {
  const site = new Site(page);
  await site.signUp();
  await new Todos(page).add('Buy milk');
  await speak(page, 'Español');
  await expect(page).toHaveURL(`${webUrl()}/todos`);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Tareas');
  await expect(page).toHaveTitle('Tareas · Errand');
  const count = page.locator('.count');
  await expect(count).toHaveText('1 tarea pendiente');
  await add(page, 'regar las plantas');
  await expect(count).toHaveText('2 tareas pendientes');
  await page.getByRole('checkbox', { name: 'Buy milk', exact: true }).click();
  await expect(count).toHaveText('1 tarea pendiente');

  await row(page, 'regar').hover();
  await page.getByRole('button', { name: 'Eliminar regar las plantas' }).click();
  const toast = page.locator('.toast');
  await expect(toast).toContainText(javaScriptEnabled === false ? '1 tarea eliminada' : '«regar las plantas» eliminada');
  await toast.getByRole('button', { name: 'Deshacer' }).click();
  await expect(row(page, 'regar las plantas')).toHaveCount(1);

  // A view of days, and a day in words.
  await page.getByRole('navigation', { name: 'Vistas' }).getByRole('link', { name: 'Hoy' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Hoy');
  await expect(page.getByText('Hoy no vence nada.')).toBeVisible();
  await add(page, 'llamar a mamá');
  await expect(row(page, 'mamá').locator('time')).toHaveText('Hoy');
  await expect(row(page, 'mamá').locator('time')).toHaveAttribute('title', /^\p{Lu}\p{Ll}+, \d+ de \p{Ll}+ de \d{4}$/u);

  // What is refused.
  await field(page).fill('x'.repeat(501));
  await field(page).press('Enter');
  await expect(page.getByRole('alert').filter({ hasText: 'Tiene más de 500 caracteres' })).toBeVisible();

  // The account, also by a walk that loads no page.
  await page.getByRole('link', { name: 'Cuenta' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Cuenta');
  await expect(page.getByRole('region', { name: 'Dónde tienes la sesión iniciada' })).toContainText('ahora mismo');
  await expect(page.getByLabel('País o región').getByRole('option', { name: 'Noruega' })).toBeAttached();
  await expect(page.getByLabel('País o región')).toHaveValue('NO');

  // Remembered beyond the session.
  await page.getByRole('button', { name: 'Cerrar sesión', exact: true }).first().click();
  await expect(page.getByRole('link', { name: 'Crear cuenta' }).first()).toBeVisible();
});

test('what is typed is understood and answered in Spanish', async ({ page, javaScriptEnabled }) => {
  test.skip(javaScriptEnabled === false, 'only scripts understand while one types');
  await new Site(page).signUp();
  await speak(page, 'Español');
  await field(page).pressSequentially('comprar leche mañana !');
  await expect(page.getByRole('list', { name: 'Entendido' }).getByRole('listitem')).toHaveText(['Vence mañana', 'Destacada']);
  await field(page).press('Enter');
  await expect(row(page, 'comprar leche').locator('time')).toHaveText('Mañana');
  await expect(page.getByRole('status').filter({ hasText: '«comprar leche» añadida' })).toBeAttached();
  await new Todos(page).isSaved();
  await page.keyboard.press('Escape');
  await page.locator('h1').click();
  await page.keyboard.press('?');
  const dialog = page.getByRole('dialog', { name: 'Atajos de teclado' });
  await expect(dialog).toContainText('Deshacer el último cambio');
  await dialog.getByRole('button', { name: 'Cerrar' }).click();
  // Rendered by the server, the row says the same.
  await page.reload();
  await expect(row(page, 'comprar leche').locator('time')).toHaveText('Mañana');
});

test('another language takes nothing away that is typed', async ({ page, javaScriptEnabled }) => {
  test.skip(javaScriptEnabled === false, 'without scripts a browser keeps what is typed, or does not');
  await new Site(page).signUp();
  await new Todos(page).field().fill('half a thought');
  await speak(page, 'Español');
  await expect(field(page)).toHaveValue('half a thought');
  await speak(page, 'English');
  await expect(new Todos(page).field()).toHaveValue('half a thought');
});

test('the program carries no texts, and the browser gets those of one language', async ({ page, javaScriptEnabled }) => {
  test.skip(javaScriptEnabled === false, 'the program runs nowhere');
  const scripts: string[] = [];
  page.on('response', async (response) => {
    if (response.url().includes('/texts/')) scripts.push(await response.text());
  });
  await new Site(page).signUp();
  await expect.poll(() => scripts.length).toBe(1);
  expect(scripts[0]).toContain('Undo last change');
  expect(scripts[0]).not.toContain('Deshacer');
});

test('the pages in Spanish are accessible', async ({ page, javaScriptEnabled }) => {
  test.skip(javaScriptEnabled === false, 'axe is a script');
  // Many looks of many states.
  test.slow();
  const isFit = async (what: string) => {
    await isAccessible(page, what);
    await page.setViewportSize({ width: 1280, height: 800 });
  };
  const site = new Site(page);
  await site.signUp();
  await speak(page, 'Español');
  await isFit('an empty list');
  await add(page, 'comprar leche');
  await isFit('a list');
  await row(page, 'comprar leche').hover();
  await page.getByRole('link', { name: 'Detalles de comprar leche' }).click();
  await expect(page.getByRole('region', { name: 'Detalles' })).toBeVisible();
  await isFit('details');
  // Beside the details there is little room, on a wide screen too.
  const beyond = await page.locator('.list-footer').evaluate((foot) => foot.scrollWidth - foot.clientWidth);
  expect(beyond, 'the foot of the list beside its details').toBeLessThanOrEqual(0);
  await site.open('/account');
  await isFit('the account');
  await site.open('/');
  await isFit('home');
});
