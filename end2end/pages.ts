// The pages as a customer finds them, by the names they read. When a page is reworded, only this file changes.
import { expect, type Locator, type Page } from '@playwright/test';

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
      const mails = answer.ok() ? ((await answer.json()) as { passcode?: string }[]) : [];
      code = mails[0]?.passcode ?? '';
      return code !== '' && code !== not;
    }, { message: `a passcode for ${email}` })
    .toBe(true);
  return code;
}

/** The tenant's user flows: sign-up, sign-in, password reset. */
export class Tenant {
  constructor(readonly page: Page) {}

  readonly email = () => this.page.getByLabel(/email/i);
  readonly code = () => this.page.getByLabel(/passcode|code/i);
  readonly password = () => this.page.getByLabel(/^password/i);
  readonly newPassword = () => this.page.getByLabel(/^(new password|password)/i);
  readonly confirmPassword = () => this.page.getByLabel(/confirm/i);
  readonly displayName = () => this.page.getByLabel(/display name/i);
  readonly country = () => this.page.getByLabel(/country/i);
  readonly forgotPassword = () => this.page.getByRole('link', { name: /forgot/i });
  /** The step's one main button. */
  readonly next = () => this.page.getByRole('button', { name: /^(next|continue|create account|sign in|verify)$/i });

  /** Steps may share a page: fills `field` if the step at hand has it, and goes on once it has all of its own. */
  private async fillIfThere(field: Locator, value: string): Promise<void> {
    if (await field.isVisible()) await field.fill(value);
  }

  private async chooseCountry(): Promise<void> {
    const country = this.country();
    if (!(await country.isVisible())) return;
    if ((await country.evaluate((element) => element.tagName)) === 'SELECT') {
      await country.selectOption({ label: 'Norway' });
    } else {
      await country.fill('Norway');
    }
  }

  async enterEmail(email: string): Promise<void> {
    await this.email().fill(email);
    await this.next().click();
  }

  async enterPasscode(email: string): Promise<void> {
    await expect(this.code()).toBeVisible();
    await this.code().fill(await passcode(this.page, email));
    await this.next().click();
  }

  async enterNewPassword(password: string): Promise<void> {
    await expect(this.newPassword()).toBeVisible();
    await this.newPassword().fill(password);
    await this.fillIfThere(this.confirmPassword(), password);
  }

  /** From the first page of the flow until the customer is back in Errand. */
  async signUp(customer: Customer): Promise<void> {
    await this.enterEmail(customer.email);
    await this.enterPasscode(customer.email);
    await this.enterNewPassword(customer.password);
    if (!(await this.displayName().isVisible())) await this.next().click();
    await this.displayName().fill(customer.name);
    await this.chooseCountry();
    await this.next().click();
    await this.page.waitForURL(`${webUrl()}/**`);
  }

  async signIn(customer: Customer): Promise<void> {
    await this.email().fill(customer.email);
    if (!(await this.password().isVisible())) await this.next().click();
    await this.password().fill(customer.password);
    await this.next().click();
    await this.page.waitForURL(`${webUrl()}/**`);
  }
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
    const runs = await this.page.evaluate(() => true).catch(() => false);
    if (runs && (await this.page.locator('script[type=module]').count()) > 0) {
      await this.page.waitForLoadState('networkidle');
    }
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

/** The list. */
export class Todos {
  constructor(readonly page: Page) {}

  readonly field = () => this.page.getByRole('textbox', { name: 'What needs to be done?' });
  readonly rows = () => this.page.getByRole('list', { name: 'To-dos' }).getByRole('listitem');
  readonly row = (text: string) => this.rows().filter({ hasText: text });
  readonly checkbox = (text: string) => this.page.getByRole('checkbox', { name: text, exact: true });
  readonly toggleAll = () => this.checkbox('Mark all as done');
  readonly editField = () => this.page.getByRole('textbox', { name: 'Edit to-do' });
  readonly count = () => this.page.locator('.count');
  readonly clearCompleted = () => this.page.getByRole('button', { name: 'Clear completed' });
  readonly filter = (name: 'All' | 'Active' | 'Completed') =>
    this.page.getByRole('navigation', { name: 'Filter' }).getByRole('link', { name });

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
