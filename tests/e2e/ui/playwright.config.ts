import { defineConfig } from '@playwright/test';
import { fileURLToPath } from 'node:url';

export default defineConfig({
  testDir: '.',
  outputDir: fileURLToPath(new URL('../../../build/playwright', import.meta.url)),
  workers: 1, // one program, one story: the tests follow each other
  timeout: 60_000,
  expect: { timeout: 15_000 }, // the page updates itself every few seconds, and two cores are shared
  reporter: [['list']],
  forbidOnly: true,
  use: {
    locale: 'en-US',
    timezoneId: 'UTC',
    viewport: { width: 1440, height: 900 },
    launchOptions: {
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', // Debian's; no browser is ever downloaded
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    },
  },
});
