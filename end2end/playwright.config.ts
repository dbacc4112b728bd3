import { existsSync } from 'node:fs';
import { defineConfig, devices } from '@playwright/test';

// Debian's browser where there is one: Playwright's own cannot be downloaded everywhere.
const chromium = '/usr/bin/chromium';

export default defineConfig({
  testDir: './tests',
  globalSetup: './errand.ts',
  // One program, one tenant, rate limits: the journeys run one after the other.
  workers: 1,
  fullyParallel: false,
  retries: 0,
  timeout: 60_000,
  expect: { timeout: 10_000 },
  forbidOnly: !!process.env.CI,
  reporter: process.env.CI ? [['list'], ['html', { open: 'never' }]] : 'list',
  use: {
    ...devices['Desktop Chrome'],
    screenshot: 'only-on-failure',
    trace: 'retain-on-failure',
    // What it asks for is not seen by a test that stands between page and server; offline.spec.ts is about it.
    serviceWorkers: 'block',
    launchOptions: {
      executablePath: existsSync(chromium) ? chromium : undefined,
      args: [
        ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
        '--disable-gpu',
        '--disable-background-networking',
        '--disable-component-update',
      ],
    },
  },
  projects: [
    { name: 'with-scripts' },
    // Every change is a form and every view an address: the same journeys, without a line of script.
    { name: 'without-scripts', use: { javaScriptEnabled: false }, testMatch: ['account.spec.ts', 'errors.spec.ts', 'https.spec.ts', 'languages.spec.ts', 'sign-up.spec.ts', 'todos.spec.ts'] },
  ],
});
