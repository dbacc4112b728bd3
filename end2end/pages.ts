// The pages as a customer finds them, by the names they read. When a page is reworded, only this file changes.
import { expect, test, type Browser, type Page } from '@playwright/test';

const withoutScripts = () => test.info().project.use.javaScriptEnabled === false;

/** Where the two programs are, as `errand.ts` set it. */
export const webUrl = () => required('ERRAND_WEB_URL');
export const tenantUrl = () => required('ERRAND_TENANT_URL');

function required(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: the tests are started by \`npx playwright test\``);
  return value;
}

export interface Customer {
  email: string;
  password: string;
  name: string;
}

let customers = 0;

/** Somebody who has never been here. */
export function newCustomer(name = 'Ada Lovelace'): Customer {
  customers += 1;
  const unique = `${Date.now().toString(36)}${customers}`;
  return { email: `ada.${unique}@example.com`, password: `correct horse ${unique} battery`, name };
}

/** The newest passcode sent to `email`. The code before it is skipped: a mail may take a moment. */
export async function passcode(page: Page, email: string, not?: string): Promise<string> {
  let code = '';
  await expect
    .poll(async () => {
      const answer = await page.request.get(`${tenantUrl()}/mailbox.json`, { params: { to: email } });
      const { messages } = (await answer.json()) as { messages: { passcode: string | null }[] };
      code = messages[0]?.passcode ?? '';
      return code !== '' && code !== not;
    }, { message: `a passcode for ${email}` })
    .toBe(true);
  return code;
}

/** The tenant's user flows: sign-up, sign-in, password reset. */
export class Tenant {
  constructor(readonly page: Page) {}

  readonly email = () => this.page.getByLabel('Email address');
  readonly code = () => this.page.getByLabel('Code', { exact: true });
  readonly password = () => this.page.getByLabel('Password', { exact: true });
  readonly newPassword = () => this.page.getByLabel('New password', { exact: true });
  readonly newPasswordAgain = () => this.page.getByLabel('New password again');
  readonly displayName = () => this.page.getByLabel('Your name');
  readonly country = () => this.page.getByLabel('Country or region');
  readonly forgotPassword = () => this.page.getByRole('link', { name: 'Forgot password?' });
  /** The step's one main button. */
  readonly next = () => this.page.getByRole('button', { name: /^(Next|Continue|Create account|Sign in|Save and sign in)$/ });

  async enterEmail(email: string): Promise<void> {
    await this.email().fill(email);
    await this.next().click();
  }

  async enterPasscode(email: string, not?: string): Promise<void> {
    await expect(this.code()).toBeVisible();
    await this.code().fill(await passcode(this.page, email, not));
    await this.next().click();
  }

  async enterNewPassword(password: string): Promise<void> {
    await this.newPassword().fill(password);
    await this.newPasswordAgain().fill(password);
  }

  /** From the first page of the flow until the customer is back in Errand. */
  async signUp(customer: Customer): Promise<void> {
    await this.enterEmail(customer.email);
    await this.enterPasscode(customer.email);
    await this.enterNewPassword(customer.password);
    await this.displayName().fill(customer.name);
    await this.country().selectOption({ label: 'Norway' });
    await this.next().click();
    await this.page.waitForURL(`${webUrl()}/**`);
  }

  async signIn(customer: Customer): Promise<void> {
    await this.email().fill(customer.email);
    await this.password().fill(customer.password);
    await this.next().click();
    await this.page.waitForURL(`${webUrl()}/**`);
  }

  /** "Forgot password?", until the customer is back in Errand with a new one. */
  async resetPassword(customer: Customer, password: string): Promise<void> {
    const before = await passcode(this.page, customer.email);
    await this.forgotPassword().click();
    await this.enterEmail(customer.email);
    await this.enterPasscode(customer.email, before);
    await this.enterNewPassword(password);
    await this.next().click();
    await this.page.waitForURL(`${webUrl()}/**`);
  }
}

/** Whether this project's browser runs the page's scripts at all. */
async function scriptsRun(page: Page): Promise<boolean> {
  return (await page.locator('script[type=module]').count()) > 0 && !withoutScripts();
}

/** Errand's header, and getting in and out. */
export class Site {
  constructor(readonly page: Page) {}

  readonly signUpLink = () => this.page.getByRole('link', { name: 'Sign up' }).first();
  readonly signInLink = () => this.page.getByRole('link', { name: 'Sign in' }).first();
  readonly signOutButton = () => this.page.getByRole('button', { name: 'Sign out' });

  async open(path = '/'): Promise<void> {
    await this.page.goto(webUrl() + path);
    await this.isAlive();
  }

  /** Waits until the browser has taken the page over, where scripts run at all. */
  async isAlive(): Promise<void> {
    if (!(await scriptsRun(this.page))) return;
    await expect(this.page.locator('html[data-hydrated]')).toBeAttached();
  }

  /** Waits until the page has found that its scripts cannot take it over: it is one of plain forms and links again. */
  async isPlain(): Promise<void> {
    await expect(this.page.getByRole('link', { name: 'Account', exact: true })).toHaveAttribute('rel', 'external');
    await expect(this.page.locator('html')).not.toHaveAttribute('data-hydrated');
  }

  /** Opens the list, of which something changes the document before scripts take it over. */
  async openChanged(change: (html: string) => string): Promise<void> {
    let isChanged = false;
    // A route does not see where a redirect leads to; one that the page makes, it does.
    await this.page.route(`${webUrl()}/actions/**`, async (route) => {
      if (!route.request().isNavigationRequest()) return route.fallback();
      const { location } = (await route.fetch({ maxRedirects: 0 })).headers();
      await route.fulfill({ contentType: 'text/html', body: `<meta http-equiv="refresh" content="0; url=${location}">` });
    });
    await this.page.route(`${webUrl()}/todos`, async (route) => {
      const answer = await route.fetch();
      const html = await answer.text();
      const changed = change(html);
      isChanged = changed !== html;
      await route.fulfill({ response: answer, body: changed });
    });
    await this.page.goto(`${webUrl()}/todos`);
    expect(isChanged, 'there is something to change').toBe(true);
  }

  async signUp(customer = newCustomer()): Promise<Customer> {
    await this.open('/');
    await this.signUpLink().click();
    await new Tenant(this.page).signUp(customer);
    await expect(this.page.getByRole('heading', { level: 1, name: 'To-dos' })).toBeVisible();
    await this.isAlive();
    return customer;
  }

  async signOut(): Promise<void> {
    await this.signOutButton().click();
    await expect(this.signInLink()).toBeVisible();
  }
}

/** Somebody's second device, looking at their list. */
export async function secondDevice(browser: Browser, customer: Customer): Promise<Page> {
  const context = await browser.newContext();
  const page = await context.newPage();
  await new Site(page).open('/');
  await new Site(page).signInLink().click();
  await new Tenant(page).signIn(customer);
  await new Site(page).open('/todos');
  return page;
}

/** Does something on a second device, which is put away again. */
export async function onAnotherDevice(
  browser: Browser,
  customer: Customer,
  use: (todos: Todos, page: Page) => Promise<void>,
): Promise<void> {
  const page = await secondDevice(browser, customer);
  await use(new Todos(page), page);
  await page.context().close();
}

/** The list. */
export class Todos {
  constructor(readonly page: Page) {}

  readonly field = () => this.page.getByRole('textbox', { name: 'What needs to be done?' });
  readonly rows = () => this.page.getByRole('list', { name: 'To-dos' }).getByRole('listitem');
  readonly row = (text: string) => this.rows().filter({ hasText: text });
  readonly checkbox = (text: string) => this.page.getByRole('checkbox', { name: text, exact: true });
  readonly toggleAll = () => this.checkbox('Mark all as done');
  readonly editField = () => this.page.getByRole('textbox', { name: 'Edit to-do' });
  /** The toast's button. */
  readonly undo = () => this.page.getByRole('button', { name: 'Undo', exact: true });
  readonly count = () => this.page.locator('.count');
  readonly clearCompleted = () => this.page.getByRole('button', { name: 'Clear completed' });
  readonly filter = (name: 'All' | 'Active' | 'Completed') =>
    this.page.getByRole('navigation', { name: 'Filter' }).getByRole('link', { name });

  readonly view = (name: 'Today' | 'Planned' | 'Overdue' | 'Starred' | 'All') =>
    this.page.getByRole('navigation', { name: 'Views' }).getByRole('link', { name });

  async add(...texts: string[]): Promise<void> {
    for (const text of texts) {
      await this.field().fill(text);
      await this.field().press('Enter');
      await expect(this.row(text)).toHaveCount(1);
    }
    await this.isSaved();
  }

  /** Waits until nothing is on its way any more. */
  async isSaved(): Promise<void> {
    await expect(this.page.locator('.todo--pending')).toHaveCount(0);
  }

  /** The edit and delete controls appear with the mouse. */
  async press(control: 'Edit' | 'Delete', text: string): Promise<void> {
    const row = this.row(text);
    await row.hover();
    await row.getByRole(control === 'Edit' ? 'link' : 'button', { name: `${control} ${text}`, exact: true }).click();
  }

  async shows(...texts: string[]): Promise<void> {
    await expect(this.rows().locator('.todo__text')).toHaveText(texts);
  }
}

/** All of one to-do. */
export class Details {
  constructor(readonly page: Page) {}

  readonly region = () => this.page.getByRole('region', { name: 'Details' });
  readonly note = () => this.region().getByLabel('Note');
  readonly step = (text: string) => this.region().getByRole('checkbox', { name: text, exact: true });

  async open(text: string): Promise<void> {
    await new Todos(this.page).row(text).hover();
    await this.page.getByRole('link', { name: `Details of ${text}`, exact: true }).click();
    await expect(this.region().getByRole('textbox', { name: 'To-do' })).toHaveValue(text);
  }

  async close(): Promise<void> {
    await this.region().getByRole('link', { name: 'Close details' }).click();
    await expect(this.region()).toHaveCount(0);
  }

  async choose(day: 'Today' | 'Tomorrow' | 'In a week' | 'Not due'): Promise<void> {
    await this.region().getByRole('button', { name: day, exact: true }).click();
  }

  async addStep(text: string): Promise<void> {
    await this.region().getByRole('textbox', { name: 'New step' }).fill(text);
    await this.region().getByRole('textbox', { name: 'New step' }).press('Enter');
    await expect(this.step(text)).toBeVisible();
  }
}

/** The account page. */
export class Account {
  constructor(readonly page: Page) {}

  readonly card = (name: string) => this.page.getByRole('region', { name, exact: true });
  readonly profile = () => this.card('Profile');
  readonly name = () => this.profile().getByLabel('Your name');
  readonly country = () => this.profile().getByLabel('Country or region');
  readonly saveProfile = () => this.profile().getByRole('button', { name: 'Save profile' });

  readonly digest = () => this.card('Daily digest');
  readonly digestWanted = () => this.digest().getByRole('checkbox');
  readonly timeZone = () => this.digest().getByLabel('Time zone');
  readonly saveDigest = () => this.digest().getByRole('button', { name: 'Save digest' });

  readonly sessions = () => this.card('Where you are signed in');
  readonly browsers = () => this.sessions().getByRole('listitem');
  readonly endOne = () => this.browsers().getByRole('button', { name: /^Sign out / }).first();
  readonly endOthers = () => this.sessions().getByRole('button', { name: 'Sign out everywhere else' });

  async open(): Promise<void> {
    await new Site(this.page).open('/account');
    await expect(this.sessions()).toBeVisible();
  }
}
