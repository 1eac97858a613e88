// Metrics end to end: a real node exporter is scraped, what was stored survives kill -9, and Prometheus' API answers.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { bulk, json, scratch, serve, until } from '../lib/mamori.mjs';

async function freePort() {
  const server = createServer();
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address();
  await new Promise((done) => server.close(done));
  return port;
}

/** Debian's node exporter on a free port; stop() ends it, and so does the end of the test. */
async function nodeExporter(t) {
  const address = `127.0.0.1:${await freePort()}`;
  const child = spawn('prometheus-node-exporter', [`--web.listen-address=${address}`, '--log.level=error'], { stdio: 'ignore' });
  const ended = new Promise((done) => {
    child.on('close', done);
    child.on('error', done);
  });
  const stop = () => {
    child.kill('SIGTERM');
    return ended;
  };
  t.after(stop);
  await until('the node exporter answers', async () => (await fetch(`http://${address}/metrics`)).ok);
  return { address, stop };
}

function spec(dir, exporter, more = '') {
  const file = join(dir, 'spec.yaml');
  writeFileSync(file, `scrape_configs:
  - job_name: node
    scrape_interval: 1s
    scrape_timeout: 1s
    static_configs:
      - targets: ["${exporter}"]
        labels: {role: shop}
${more}`);
  return file;
}

async function api(url, path, parameters = {}) {
  const reply = await json(`${url}/api/v1/${path}?${new URLSearchParams(parameters)}`);
  assert.equal(reply.status, 'success', JSON.stringify(reply));
  return reply.data;
}

async function query(url, text) {
  return (await api(url, 'query', { query: text })).result;
}

test('a real exporter is scraped and every part of the API tells of it', async (t) => {
  const dir = scratch(t);
  const exporter = await nodeExporter(t);
  const { url, address } = await serve(t, { data: join(dir, 'data'), config: [spec(dir, exporter.address)] });

  const up = await until('the exporter is up', async () => {
    const found = await query(url, 'up{job="node"} == 1');
    return found.length === 1 && found;
  });
  assert.deepEqual(up[0].metric, { __name__: 'up', instance: exporter.address, job: 'node', role: 'shop' });
  assert.equal(up[0].value[1], '1');

  const load = await query(url, 'node_load1');
  assert.equal(load.length, 1);
  assert.match(load[0].value[1], /^[0-9.]+$/);
  assert.ok((await query(url, 'count({job="node"})'))[0].value[1] > 200, 'a node exporter has hundreds of series');
  assert.deepEqual(await query(url, 'sum by (role) (up{job="node"})').then((r) => r[0].metric), { role: 'shop' });
  // Of all modes: on a busy machine no processor is ever idle.
  await until('a rate of the processor time', async () =>
    (await query(url, 'sum(rate(node_cpu_seconds_total[1m]))'))[0]?.value[1] > 0);

  const now = Date.now() / 1000;
  const range = await api(url, 'query_range', { query: 'up{job="node"}', start: now - 10, end: now, step: '1s' });
  assert.equal(range.resultType, 'matrix');
  assert.ok(range.result[0].values.every(([time, value]) => time > now - 11 && value === '1'));

  await until('mamori scrapes itself', async () => {
    const found = await query(url, 'up{job="mamori"}');
    return found[0]?.value[1] === '1' && found[0].metric.instance === address;
  }, 40);

  assert.ok((await api(url, 'labels')).includes('role'));
  assert.deepEqual(await api(url, 'label/job/values'), ['mamori', 'node']);
  assert.deepEqual(await api(url, 'series', { 'match[]': 'node_load1' }), [{ ...up[0].metric, __name__: 'node_load1' }]);
  const target = (await api(url, 'targets')).activeTargets.find((one) => one.scrapePool === 'node');
  assert.equal(target.health, 'up');
  assert.equal(target.lastError, '');
  assert.equal(target.scrapeUrl, `http://${exporter.address}/metrics`);
  assert.equal((await api(url, 'metadata', { metric: 'node_load1' })).node_load1[0].type, 'gauge');
  assert.match((await api(url, 'status/buildinfo')).version, /^\d/);

  await exporter.stop();
  await until('the exporter is down', async () => (await query(url, 'up{job="node"}'))[0].value[1] === '0');
  assert.deepEqual(await query(url, 'node_load1'), [], 'a target that went away leaves no stale value');
  const down = (await api(url, 'targets')).activeTargets.find((one) => one.scrapePool === 'node');
  assert.equal(down.health, 'down');
  assert.notEqual(down.lastError, '');
});

test('samples that were stored are there after kill -9', async (t) => {
  const dir = scratch(t);
  const data = join(dir, 'data');
  const exporter = await nodeExporter(t);
  const config = [spec(dir, exporter.address)];
  const first = await serve(t, { data, config });
  const text = 'count_over_time(up{job="node"}[10m])';
  const before = await until('three scrapes', async () => {
    const count = Number((await query(first.url, text))[0]?.value[1]);
    return count >= 3 && count;
  });
  first.kill('SIGKILL');
  await first.exited;
  const second = await serve(t, { data, config });
  const after = Number((await query(second.url, text))[0]?.value[1]);
  assert.ok(after >= before, `${after} samples after the kill, ${before} before`);
});

test('the indicators are series of the names and units that the spec gives them', async (t) => {
  const dir = scratch(t);
  const config = [spec(dir, '127.0.0.1:1', `payment_monitoring:
  metrics:
    - name: payment_success_rate
      threshold: 99.5
      period: 60
      statistic: Average
      alarm_action: immediate_alert
`)];
  const { url } = await serve(t, { data: join(dir, 'data'), config });
  const payments = Array.from({ length: 10 }, (_, i) => ({
    '@timestamp': new Date().toISOString(),
    payment_id: `p${i}`,
    status: i === 0 ? 'failed' : 'succeeded',
    error_code: i === 0 ? 'processing_error' : undefined,
    amount: 1000,
    currency: 'JPY',
    processing_time: 100,
  }));
  assert.equal((await bulk(url, 'payment_logs', payments)).errors, false);
  const value = await until('the indicator is a series', async () => (await query(url, 'payment_success_rate'))[0]?.value[1]);
  assert.equal(value, '90');
});

test('a mistake in a query is told in Prometheus\' words', async (t) => {
  const { url } = await serve(t, { data: join(scratch(t), 'data') });
  const reply = await fetch(`${url}/api/v1/query`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    body: 'query=sum(',
  });
  assert.equal(reply.status, 400);
  assert.deepEqual(await reply.json(), {
    status: 'error',
    errorType: 'bad_data',
    error: 'invalid parameter "query": 1:5: parse error: unclosed left parenthesis',
  });
});

// Not in packages.txt: Debian's prometheus package would start a server of its own on the user's machine.
const promtoolPath = process.env.PROMTOOL ?? '/usr/bin/promtool';
test('promtool reads our answers', { skip: !existsSync(promtoolPath) && 'promtool (Debian: prometheus) is not installed' }, async (t) => {
  const { url } = await serve(t, { data: join(scratch(t), 'data') });
  await until('mamori scraped itself', async () => (await query(url, 'up'))[0]?.value[1] === '1', 40);
  const promtool = (...args) => execFileSync(promtoolPath, args, { encoding: 'utf8' });
  assert.match(promtool('query', 'instant', url, 'up'), /up\{instance=".*", job="mamori"\} => 1 @/);
  assert.match(promtool('query', 'labels', url, 'job'), /mamori/);
  assert.match(promtool('query', 'series', '--match=up', url), /job="mamori"/);
  assert.match(promtool('query', 'range', '--step=15s', url, 'up'), /1 @/);
});
