// Rules end to end: files of tests have promtool's verdict, and promtool and `mamori query` ask a real server whose rules
// write its series.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { binary, json, run, scratch, serve, until } from '../lib/mamori.mjs';

const cases = join(dirname(fileURLToPath(import.meta.url)), 'cases');

/** Runs another program to its end: {code, stdout, stderr}. */
function other(program, args, options = {}) {
  return new Promise((done, fail) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
    let stdout = '', stderr = '';
    child.stdout.on('data', (data) => (stdout += data));
    child.stderr.on('data', (data) => (stderr += data));
    child.on('error', fail);
    child.on('close', (code) => done({ code, stdout, stderr }));
  });
}

const promtool = (...args) => other('promtool', args);

test("files of tests have promtool's verdict", async () => {
  const files = readdirSync(cases).filter((name) => /^(pass|fail)_.*\.yml$/.test(name));
  assert.ok(files.length > 20, `${files.length} files`);
  for (const name of files) {
    const want = name.startsWith('pass_') ? 0 : 1;
    const file = join(cases, name);
    const theirs = await promtool('test', 'rules', file);
    const ours = await run(['test', 'rules', file]);
    assert.equal(theirs.code, want, `promtool, ${name}: ${theirs.stdout}${theirs.stderr}`);
    assert.equal(ours.code, want, `mamori, ${name}: ${ours.stdout}${ours.stderr}`);
    assert.equal(ours.stderr.includes('FAILED'), want === 1, ours.stderr);
    const machine = JSON.parse((await run(['test', 'rules', '--json', file])).stdout);
    assert.equal(machine[0].passed, want === 0, name);
  }
});

test('several files are told one by one, and one that fails decides', async () => {
  const files = ['pass_order.yml', 'fail_value.yml', 'pass_intervals.yml'].map((name) => join(cases, name));
  const ours = await run(['test', 'rules', ...files]);
  assert.equal(ours.code, 1);
  assert.deepEqual(ours.stdout.match(/Unit Testing: {2}\S+|SUCCESS/g).map((line) => line.split('/').at(-1)),
    ['pass_order.yml', 'SUCCESS', 'fail_value.yml', 'pass_intervals.yml', 'SUCCESS']);
});

/** mamori with rules that write a series of their own each second. */
async function withRules(t) {
  const dir = scratch(t);
  const rules = join(dir, 'rules.yml');
  writeFileSync(rules, `groups:
- name: shop
  interval: 1s
  rules:
  - {record: shop:open, expr: vector(1), labels: {job: shop, region: tokyo}}
  - {record: shop:time, expr: time(), labels: {job: shop}}
  - {alert: ShopOpen, expr: shop:open == 1, labels: {severity: info}}
`);
  const server = await serve(t, { data: join(dir, 'data'), args: ['--rules', rules] });
  await until('rules wrote two samples', async () => {
    const { data } = await json(`${server.url}/api/v1/query?query=count_over_time(shop:open[1m])`);
    return Number(data.result[0]?.value[1]) >= 2;
  });
  return server;
}

test('promtool asks mamori as it asks Prometheus', async (t) => {
  const { url } = await withRules(t);
  const ask = async (...args) => {
    const got = await promtool('query', ...args);
    assert.equal(got.code, 0, `promtool query ${args.join(' ')}: ${got.stdout}${got.stderr}`);
    return got.stdout;
  };
  assert.match(await ask('instant', url, 'shop:open'), /shop:open\{job="shop", region="tokyo"\} => 1 @/);
  const now = Math.floor(Date.now() / 1000);
  const range = await ask('range', `--start=${now - 60}`, `--end=${now + 1}`, '--step=1s', url, 'shop:open + 1');
  assert.match(range, /\{job="shop", region="tokyo"\} =>\n2 @/);
  assert.match(await ask('labels', url, 'region'), /^tokyo$/m);
  assert.match(await ask('series', '--match=shop:open', url), /shop:open\{job="shop", region="tokyo"\}|__name__="shop:open"/);
  assert.match(await ask('instant', url, 'ALERTS'), /alertname="ShopOpen"/);
  const refused = await promtool('query', 'instant', url, 'sum(');
  assert.notEqual(refused.code, 0);
  assert.match(refused.stderr, /parse error/);
});

test('mamori query asks mamori: table, chart, JSON, mistakes', async (t) => {
  const { url } = await withRules(t);
  const ask = (...args) => run(['query', '--server', url, ...args], { env: { ...process.env, COLUMNS: '80', LC_ALL: 'C.UTF-8' } });
  const table = await ask('shop:open');
  assert.equal(table.code, 0, table.stderr);
  assert.match(table.stdout, /^metric +job +region +value\nshop:open +shop +tokyo +1\n$/);
  const chart = await ask('--range', '1m', '--step', '1s', 'shop:time % 7');
  assert.equal(chart.code, 0, chart.stderr);
  assert.match(chart.stdout, /[⠁-⣿]/);
  assert.match(chart.stdout, /\{job="shop"\} {2}min \S+ {2}max \S+ {2}last \S+/);
  assert.ok(chart.stdout.split('\n').every((line) => [...line].length <= 80), chart.stdout);
  assert.ok(!chart.stdout.includes('\x1b'), 'no colours in a pipe');
  const machine = JSON.parse((await ask('--json', 'shop:open')).stdout);
  assert.equal(machine.data.result[0].value[1], '1');
  const mistake = await ask('sum(shop:open');
  assert.equal(mistake.code, 1);
  assert.match(mistake.stderr, /parse error: .*\n {2}sum\(shop:open\n {2} *\^\n/);
  const info = await ask('rate(shop:open[1m])');
  assert.match(info.stderr, /^PromQL info: /);
  assert.equal((await ask()).code, 2);
});

test("mamori query asks Debian's Prometheus", async (t) => {
  const dir = scratch(t);
  const config = join(dir, 'prometheus.yml');
  writeFileSync(config, 'global: {scrape_interval: 1s}\n');
  // Its port cannot be found out from outside, so one is taken that was free a moment ago.
  const { createServer } = await import('node:net');
  const probe = createServer();
  await new Promise((done) => probe.listen(0, '127.0.0.1', done));
  const address = `127.0.0.1:${probe.address().port}`;
  await new Promise((done) => probe.close(done));
  const child = spawn('prometheus', [`--config.file=${config}`, `--storage.tsdb.path=${join(dir, 'data')}`,
    `--web.listen-address=${address}`, '--log.level=error'], { stdio: 'ignore' });
  const ended = new Promise((done) => {
    child.on('close', done);
    child.on('error', done);
  });
  t.after(() => {
    child.kill('SIGTERM');
    return ended;
  });
  await until('Prometheus is ready', async () => (await fetch(`http://${address}/-/ready`)).ok);
  const got = await run(['query', '--server', `http://${address}`, 'vector(3)']);
  assert.equal(got.code, 0, got.stderr);
  assert.equal(got.stdout, 'value\n    3\n');
  const mistake = await run(['query', '--server', `http://${address}`, 'up +']);
  assert.match(mistake.stderr, /parse error: unexpected end of input\n {2}up \+\n {6}\^\n/);
});

test('the help of both commands names every option', async () => {
  for (const command of [['query'], ['test', 'rules']]) {
    const help = await run(['help', ...command]);
    assert.equal(help.code, 0);
    assert.match(help.stdout, /--json/);
    assert.match(help.stdout, /exit codes: 0/);
  }
  assert.ok(binary);
});
