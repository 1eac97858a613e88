// The web page as an operator meets it, in Chromium, against the real program with lines shipped over _bulk.
import AxeBuilder from '@axe-core/playwright';
import { expect, test, type Page } from '@playwright/test';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { Mamori } from './mamori';
import { checkouts, CONFIG, EXPECTED, payment, payments, requests, webhooks } from './shop';

const screenshots = process.env.MAMORI_SCREENSHOTS ?? fileURLToPath(new URL('../../../build/screenshots', import.meta.url));

let mamori: Mamori;
let consoleErrors: string[];
let allowed: RegExp[];

test.beforeAll(async () => {
  mamori = await Mamori.create(CONFIG);
  await mamori.start();
  const now = Date.now();
  await mamori.ship('payment_logs', payments(now));
  await mamori.ship('payment_webhooks', webhooks(now));
  await mamori.ship('payment_checkouts', checkouts(now));
  await mamori.ship('security_access', requests(now));
});

test.afterAll(async () => {
  await mamori?.dispose();
});

test.beforeEach(({ page }) => {
  consoleErrors = [];
  allowed = [];
  page.on('console', (message) => message.type() === 'error' && consoleErrors.push(message.text()));
  page.on('pageerror', (error) => consoleErrors.push(error.message));
  page.on('request', (request) => {
    if (!request.url().startsWith(mamori.url)) consoleErrors.push(`a request to another server: ${request.url()}`);
  });
});

test.afterEach(() => {
  expect(consoleErrors.filter((text) => !allowed.some((pattern) => pattern.test(text)))).toEqual([]);
});

const open = (page: Page, search = '') => page.goto(`${mamori.url}/ui/${search}`);
const widget = (page: Page, name: string) => page.getByTestId(`widget-${name}`);
const value = (page: Page, name: string) => page.getByTestId(`indicator-${name}`).getByTestId('value');

test('a browser that asks for / lands on the page', async ({ page }) => {
  await page.goto(`${mamori.url}/`);
  await expect(page).toHaveURL(/\/ui\/$/);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Are we taking money?');
});

test('the verdict says yes, since when, and that the data are a demo’s', async ({ page }) => {
  await open(page);
  const verdict = page.getByTestId('verdict');
  await expect(verdict).toHaveAttribute('data-state', 'ok');
  await expect(verdict).toContainText('Yes');
  await expect(verdict).toContainText(/since .*\d{2}:\d{2}/);
  await expect(page.getByTestId('demo-banner')).toContainText('demo');
});

test('the four indicators show value, objective, window and events; acceptance stands apart', async ({ page }) => {
  await open(page);
  await expect(value(page, 'payment_success_rate')).toHaveText(EXPECTED.success);
  await expect(value(page, 'payment_latency_p99')).toHaveText(EXPECTED.latency);
  await expect(value(page, 'stripe_webhook_processing_time')).toHaveText(EXPECTED.webhook);
  await expect(value(page, 'checkout_session_creation_errors')).toHaveText(EXPECTED.checkout);
  const success = page.getByTestId('indicator-payment_success_rate');
  await expect(success).toContainText('Objective ≥ 99.5 %');
  await expect(success).toContainText('400 events in 5 min');
  await expect(success).toContainText('1 bad');
  await expect(success).toContainText('OK');
  await expect(page.getByTestId('acceptance').getByTestId('value')).toHaveText(EXPECTED.acceptance);
  await expect(page.getByTestId('acceptance')).toContainText('not an outage');
  // Its course comes from the metrics store, through Prometheus' API.
  await expect(success.getByRole('img', { name: /Technical success over the range: .* last 99\.75 %/ })).toBeVisible();
});

test('the widgets that can be computed are shown with their numbers, the others are not', async ({ page }) => {
  await open(page);
  await expect(page.getByTestId('volume-summary')).toContainText(EXPECTED.volume);
  await expect(widget(page, 'volume').locator('canvas')).toBeVisible();
  await expect(widget(page, 'methods').getByRole('row', { name: /^card/ })).toContainText('320');
  await expect(widget(page, 'countries').getByRole('row', { name: /Japan/ })).toContainText('300');
  await expect(page.getByTestId('revenue-JPY')).toContainText(EXPECTED.jpy);
  await expect(page.getByTestId('revenue-USD')).toContainText('$');
  await expect(widget(page, 'failures').getByRole('row', { name: /insufficient_funds/ })).toContainText(EXPECTED.declined);
  await expect(widget(page, 'failures').getByRole('row', { name: /processing_error/ })).toContainText('Technical');
  await expect(widget(page, 'latency').locator('canvas')).toBeVisible();
  await expect(widget(page, 'api_response_times').locator('canvas')).toBeVisible();
  await expect(widget(page, 'errors_by_endpoint').getByRole('row', { name: /api\/payments/ })).toContainText('2.0 %');
  await expect(page.getByText('Cache hit rates')).toHaveCount(0);
  await expect(widget(page, 'cache')).toHaveCount(0);
});

test('each chart can be read as a table, and stays one after a reload', async ({ page }) => {
  await open(page);
  for (const name of ['volume', 'revenue', 'latency', 'api_response_times']) {
    await widget(page, name).getByRole('button', { name: /Show as a table/ }).click();
    await expect(widget(page, name).locator('table').first()).toBeVisible();
    await expect(widget(page, name).locator('canvas')).toHaveCount(0);
  }
  await page.reload();
  await expect(widget(page, 'volume').getByRole('columnheader', { name: 'Technical failure' })).toBeVisible();
  await expect(widget(page, 'latency').getByRole('cell', { name: 'none' }).first()).toBeVisible(); // missing is not zero
});

test('the filter box narrows the lines, opens one as JSON, and shows where a query went wrong', async ({ page }) => {
  await open(page);
  const lines = page.getByTestId('log-line');
  await expect(lines.first()).toBeVisible();
  await page.keyboard.press('/');
  await expect(page.locator('#filter')).toBeFocused();
  await page.keyboard.type('status:failed AND error_code:processing_error');
  await page.keyboard.press('Enter');
  await expect(lines).toHaveCount(1);
  await expect(lines.first()).toContainText('Failed');
  await expect(page).toHaveURL(/q=status/);
  await lines.first().getByRole('button').click();
  await expect(page.locator('.log-json pre')).toContainText('"payment_id": "pay_40"');
  await page.reload();
  await expect(page.locator('#filter')).toHaveValue('status:failed AND error_code:processing_error');
  await expect(lines).toHaveCount(1);

  allowed.push(/status of 400/);
  await page.locator('#filter').fill('status:failed AND (');
  await page.getByRole('button', { name: 'Apply', exact: true }).click();
  const error = page.getByTestId('filter-error');
  await expect(error).toBeVisible();
  await expect(error.locator('pre')).toContainText('^');
  await page.getByRole('button', { name: 'Clear' }).click();
  await expect(error).toHaveCount(0);
  await expect(page).not.toHaveURL(/q=/);
});

test('a failure reason leads to its log lines, and Back leads home', async ({ page }) => {
  await open(page);
  await widget(page, 'failures').getByRole('button', { name: 'insufficient_funds' }).click();
  await expect(page.locator('#filter')).toHaveValue('error_code:insufficient_funds');
  await expect(page.getByTestId('log-line')).toHaveCount(40);
  await page.goBack();
  await expect(page.locator('#filter')).toHaveValue('');
});

test('the time range is chosen by mouse or key, relative or absolute, and kept in the address', async ({ page }) => {
  await open(page);
  await expect(page.getByTestId('volume-summary')).toContainText(EXPECTED.volume);
  await page.keyboard.press('t');
  await page.getByRole('button', { name: 'Last 15 minutes' }).click();
  await expect(page).toHaveURL(/range=15m/);
  await expect(page.getByTestId('volume-summary')).toContainText(EXPECTED.volume);
  // An hour that had no payments.
  await page.locator('#range-button').click();
  const at = (hoursAgo: number) => new Date(Date.now() - hoursAgo * 3_600_000).toISOString().slice(0, 19);
  await page.getByLabel('From (UTC)').fill(at(30));
  await page.getByLabel('To (UTC)').fill(at(40));
  await page.locator('form.absolute').getByRole('button', { name: 'Apply' }).click();
  await expect(page.getByRole('alert')).toContainText('before');
  await page.getByLabel('To (UTC)').fill(at(29));
  await page.locator('form.absolute').getByRole('button', { name: 'Apply' }).click();
  await expect(page).toHaveURL(/from=.*to=/);
  await expect(widget(page, 'volume')).toContainText('No payment in this range');
  await expect(page.getByTestId('logs')).toContainText('No line matches');
  await page.reload();
  await expect(widget(page, 'volume')).toContainText('No payment in this range');
  await page.goBack();
  await expect(page.getByTestId('volume-summary')).toContainText(EXPECTED.volume);
});

test('dragging over a chart zooms into that time', async ({ page }) => {
  await open(page, '?range=15m');
  const plot = widget(page, 'volume').locator('.u-over');
  await plot.scrollIntoViewIfNeeded();
  const box = await plot.boundingBox();
  if (!box) throw new Error('the chart has no size');
  await page.mouse.move(box.x + box.width * 0.5, box.y + 40);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.9, box.y + 40, { steps: 4 });
  await page.mouse.up();
  await expect(page).toHaveURL(/from=.*to=/);
  const zoomed = new URL(page.url()).searchParams;
  const width = Date.parse(zoomed.get('to') ?? '') - Date.parse(zoomed.get('from') ?? '');
  expect(width / 60_000).toBeGreaterThan(5);
  expect(width / 60_000).toBeLessThan(7.5);
});

test('JST and UTC, Japanese and English, dark and light are switched at once and survive a reload', async ({ page }) => {
  await open(page);
  const clock = page.locator('.log-time time').first();
  const hour = async () => Number((await clock.textContent())?.replace(/^.* /, '').slice(0, 2));
  await expect(clock).toBeVisible();
  await page.getByRole('button', { name: 'UTC' }).click();
  const utc = await hour();
  await page.getByRole('button', { name: 'JST' }).click();
  await expect.poll(hour).toBe((utc + 9) % 24);
  await page.getByRole('button', { name: '日本語' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('決済は通っているか');
  await expect(page.locator('html')).toHaveAttribute('lang', 'ja');
  await expect(widget(page, 'countries')).toContainText('日本');
  const ground = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  const before = await ground();
  await page.getByLabel('配色').selectOption('dark');
  await expect.poll(ground).not.toBe(before);
  const dark = await ground();
  await page.reload();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('決済は通っているか');
  await expect(page).toHaveURL(/zone=jst/);
  expect(await ground()).toBe(dark);
  await page.getByRole('button', { name: 'EN', exact: true }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Are we taking money?');
});

test('the browser’s language and colours decide when nothing is chosen', async ({ browser }) => {
  const context = await browser.newContext({ locale: 'ja-JP', timezoneId: 'Asia/Tokyo', colorScheme: 'dark' });
  const page = await context.newPage();
  await open(page);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('決済は通っているか');
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
  await expect(page.getByRole('button', { name: 'JST' })).toHaveAttribute('aria-pressed', 'true');
  await context.close();
});

test('a new line appears by itself within 5 seconds', async ({ page }) => {
  await open(page, '?q=payment_id:pay_fresh');
  await expect(page.getByTestId('logs')).toContainText('No line matches');
  const began = Date.now();
  await mamori.ship('payment_logs', [payment(9_999, began, { payment_id: 'pay_fresh', amount: 777 })]);
  await expect(page.getByTestId('log-line')).toContainText('777', { timeout: 8_000 });
  const took = Date.now() - began;
  console.log(`      the new line was on the page after ${took} ms`);
  expect(took).toBeLessThan(5_000);
});

test('updates can be paused', async ({ page }) => {
  await open(page);
  await expect(page.getByTestId('verdict')).toContainText('Yes');
  await page.getByRole('button', { name: 'Pause updates' }).click();
  await expect(page.getByTestId('freshness')).toContainText('Paused');
  await expect(page).toHaveURL(/live=off/);
  await page.keyboard.press('p');
  await expect(page).not.toHaveURL(/live=off/);
});

test('a hidden tab asks nothing, and catches up when it is seen again', async ({ page }) => {
  await open(page);
  await expect(page.getByTestId('volume-summary')).toBeVisible();
  const show = (state: string) =>
    page.evaluate((visibility) => {
      Object.defineProperty(document, 'visibilityState', { get: () => visibility, configurable: true });
      document.dispatchEvent(new Event('visibilitychange'));
    }, state);
  await show('hidden');
  const asked = await page.waitForRequest(/api/, { timeout: 5_000 }).catch(() => null);
  expect(asked).toBeNull();
  const next = page.waitForRequest(/overview/, { timeout: 2_000 });
  await show('visible');
  await next;
});

test('the page meets WCAG AA in both themes', async ({ page }) => {
  for (const theme of ['light', 'dark']) {
    await open(page, `?theme=${theme}`);
    await expect(page.getByTestId('volume-summary')).toBeVisible();
    await expect(page.getByTestId('log-line').first()).toBeVisible();
    const { violations } = await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa']).analyze();
    const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target, failureSummary }) => `${target} ${failureSummary}`).join(' | ')}`);
    expect(found, theme).toEqual([]);
  }
});

test('it fits a phone and a desk, in both themes and languages', async ({ browser }) => {
  mkdirSync(screenshots, { recursive: true });
  for (const [width, lang, theme] of [[1440, 'en', 'light'], [1440, 'ja', 'dark'], [390, 'ja', 'light'], [390, 'en', 'dark']] as const) {
    const context = await browser.newContext({ viewport: { width, height: 900 } });
    const page = await context.newPage();
    await open(page, `?lang=${lang}&theme=${theme}&range=15m`);
    await expect(widget(page, 'volume').locator('canvas')).toBeVisible();
    await expect(page.getByTestId('log-line').first()).toBeVisible();
    await page.screenshot({ path: join(screenshots, `page-${width}-${lang}-${theme}.png`), fullPage: true });
    const beyond = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    expect(beyond, `${width} ${lang}: nothing sticks out`).toBeLessThanOrEqual(0);
    await context.close();
  }
});

test('when the server is gone the page says so, and recovers by itself', async ({ page }) => {
  allowed.push(/ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE/);
  await open(page);
  await expect(page.getByTestId('verdict')).toHaveAttribute('data-state', 'ok');
  const counted = Number(/^[\d,]+/.exec((await page.getByTestId('volume-summary').textContent()) ?? '')?.[0].replace(',', ''));
  await mamori.stop();
  await expect(page.getByTestId('server-gone')).toContainText('mamori does not answer');
  await expect(page.getByTestId('verdict')).toHaveAttribute('data-state', 'unknown'); // what it last said is no answer now
  await expect(page.getByTestId('log-line').first()).toBeVisible(); // what was known stays readable
  await mamori.start();
  await mamori.ship('payment_logs', [payment(9_998, Date.now(), { payment_id: 'pay_after' })]);
  await expect(page.getByTestId('server-gone')).toHaveCount(0);
  await expect(page.getByTestId('verdict')).toHaveAttribute('data-state', 'ok');
  await expect(page.getByTestId('volume-summary')).toContainText(`${counted + 1} payments`); // nothing acknowledged is lost
});

test('when payments fail by our fault the page says no, why, and which alert fires', async ({ page }) => {
  await open(page);
  await expect(page.getByTestId('alerts')).toContainText('No alert is firing');
  const now = Date.now();
  const broken = Array.from({ length: 300 }, (_, serial) =>
    payment(20_000 + serial, now - serial, { status: 'failed', error_code: 'processing_error' }),
  );
  await mamori.ship('payment_logs', broken);
  await expect(page.getByTestId('verdict')).toHaveAttribute('data-state', /degraded|down/);
  await expect(page.getByTestId('verdict')).toContainText('Technical success');
  await expect(page.getByTestId('indicator-payment_success_rate')).toHaveAttribute('data-state', 'breached');
  await expect(page.getByTestId('indicator-payment_success_rate')).toContainText('Breached');
  await expect(page.getByTestId('alert').filter({ hasText: 'PaymentSuccessRateLow' })).toContainText('Critical');
  await page.screenshot({ path: join(screenshots, 'page-1440-en-light-alarm.png'), fullPage: true });
});
