// The demo from its start to its end, as a user sees it. One demo, in the order of the tests.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { Demo, Notified, runs, until } from './demo_process.mjs';

const begin = new Date();
const notified = new Notified();
let demo;

before(async () => {
  await notified.listen();
  demo = new Demo(['--notify', notified.url, '--history', '10m', '--rate', '8', '--seed', '1']);
});

after(async () => {
  await demo.dispose();
  notified.close();
});

test('is ready within 20 s and says where the page is and that its data is generated', async (t) => {
  await until('"Ready" in the output', 20, () => {
    if (demo.process.exitCode !== null) throw new Error(demo.output);
    return /Ready after/.test(demo.output);
  }).catch((error) => assert.fail(`${error.message}\n${demo.output}`));
  assert.match(demo.output, /All data is generated/);
  assert.match(demo.output, new RegExp(`The page +${demo.origin}/ui/`));
  assert.equal(demo.status().ready, true);
  t.diagnostic(demo.output.match(/Ready after.*?s/)[0]);
});

test('ships every log to mamori', async () => {
  for (const query of ['event:payment', 'event:webhook', 'event:checkout_session', 'event_type:access']) {
    const found = await until(`live line of ${query}`, 30, async () => {
      const lines = await demo.lines(query, begin);
      return lines.find(({ line }) => line.generated !== 'history');
    });
    assert.equal(found.stream, {
      'event:payment': 'payment_logs',
      'event:webhook': 'payment_webhooks',
      'event:checkout_session': 'payment_checkouts',
      'event_type:access': 'security_access',
    }[query]);
  }
  await until('refund', 30, async () => (await demo.lines('event:refund', new Date(begin - 600_000))).length > 0);
});

test('fills the charts with the time before', async () => {
  const lines = await demo.lines('event:payment AND generated:history', new Date(begin - 600_000));
  assert.ok(lines.length > 100, `${lines.length} lines`);
});

test('is scraped and calls itself a demo', async () => {
  const overview = await until('targets that are up', 40, async () => {
    const answer = await demo.getJson('/api/mamori/v1/overview');
    const up = answer.scrape_targets.filter(({ health }) => health === 'up').map(({ job }) => job);
    return ['node', 'shop', 'provider'].every((job) => up.includes(job)) && answer;
  });
  assert.equal(overview.environment, 'demo');
});

test('takes money while nothing is broken', async () => {
  await until('verdict ok', 30, async () => (await demo.getJson('/api/mamori/v1/overview')).verdict.state === 'ok');
  assert.deepEqual(notified.alerts('firing', 'critical'), []);
});

test('starts a program again that was killed, and goes on', async () => {
  const before = demo.pids();
  process.kill(before.shop, 'SIGKILL');
  process.kill(before.nginx, 'SIGKILL');
  await until('shop and nginx again', 20, () => {
    const now = demo.pids();
    return now.shop > 0 && now.shop !== before.shop && now.nginx > 0 && now.nginx !== before.nginx;
  });
  assert.match(demo.output, /shop ended \(signal 9\), starting it again/);
  const since = new Date();
  await until('payment after that', 20, async () => (await demo.lines('event:payment', since)).length > 0);
});

test('refuses unknown faults and lists the known ones', () => {
  const wrong = demo.command('fault', 'provider-eror', 'on');
  assert.equal(wrong.status, 2);
  assert.match(wrong.stderr, /provider-errors/);
  const list = demo.command('fault');
  assert.equal(list.status, 0);
  for (const name of ['provider-errors', 'slow-provider', 'webhook-lag', 'card-testing']) {
    assert.match(list.stdout, new RegExp(`${name} +off`));
  }
});

test('tells of provider-errors within 60 s, and of their end', async (t) => {
  const on = Date.now();
  assert.equal(demo.command('fault', 'provider-errors', 'on').status, 0);
  const alert = await until('critical notification', 60, () => notified.alerts('firing', 'critical', on)[0]);
  t.diagnostic(`told of ${alert.labels.alertname} after ${((alert.at - on) / 1000).toFixed(1)} s`);
  assert.equal(alert.version, '4');
  const { verdict } = await demo.getJson('/api/mamori/v1/overview');
  assert.match(verdict.state, /^(degraded|down)$/);

  const off = Date.now();
  assert.equal(demo.command('fault', 'provider-errors', 'off').status, 0);
  const resolved = await until('resolved notification', 130, () =>
    notified.alerts('resolved', 'critical', off).find(({ labels }) => labels.alertname === alert.labels.alertname));
  t.diagnostic(`told of its end after ${((resolved.at - off) / 1000).toFixed(1)} s`);
});

test('a second demo in the same directory, or on a port in use, is refused in one line', async () => {
  const again = demo.command();
  assert.equal(again.status, 2);
  assert.match(again.stderr, /^mamori demo: a demo runs in .* already: .*--dir\n$/);

  const elsewhere = new Demo(['--listen', new URL(demo.origin).host]);
  try {
    assert.equal(await elsewhere.ended, 2);
    assert.match(elsewhere.output, /^mamori demo: port \d+ of 127.0.0.1 is in use: .*--listen 127.0.0.1:0.*\n$/);
  } finally {
    await elsewhere.dispose();
  }
});

test('ends at once with everything that it started when Ctrl-C is pressed, also while charges hang', async () => {
  assert.equal(demo.command('fault', 'provider-errors', 'on').status, 0);
  const since = new Date();
  await until('charge that the provider never answered', 40, async () =>
    (await demo.lines('error_code:timeout', since)).length > 0);
  const pids = Object.values(demo.pids());
  const asked = Date.now();
  demo.process.kill('SIGINT');
  assert.equal(await demo.ended, 0, demo.output);
  assert.ok(Date.now() - asked < 5000, `it took ${Date.now() - asked} ms`);
  assert.deepEqual(pids.filter(runs), []);
  assert.equal(existsSync(join(demo.dir, 'demo.json')), false);
});
