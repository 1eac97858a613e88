// Remote write end to end: a real Prometheus scrapes a small exporter and sends on to mamori, which is killed in between.
// What Prometheus has and what mamori has must be the same, sample by sample.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createSocketServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { json, scratch, serve, until } from '../lib/mamori.mjs';

async function freePort() {
  const server = createSocketServer();
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address();
  await new Promise((done) => server.close(done));
  return port;
}

const pause = (seconds) => new Promise((done) => setTimeout(done, seconds * 1000));

/** An exporter whose values change with every scrape: counters, gauges with odd values, a histogram with exemplars. */
async function exporter(t) {
  let scrapes = 0;
  const server = createServer((request, response) => {
    scrapes += 1;
    const lines = ['# HELP shop_payments Payments taken', '# TYPE shop_payments counter'];
    for (let i = 0; i < 200; i += 1) {
      lines.push(`shop_payments_total{method="m${i % 5}",shop="s${i}",note="a \\"quoted\\" 売上"} ${scrapes * (i + 1)}`);
    }
    lines.push('# TYPE shop_odd gauge', `shop_odd{kind="nan"} NaN`, `shop_odd{kind="inf"} -Inf`,
      `shop_odd{kind="tiny"} ${scrapes * 5e-324}`, `shop_odd{kind="third"} ${scrapes / 3}`);
    if (scrapes % 3 !== 0) lines.push(`shop_odd{kind="sometimes"} ${scrapes}`);
    lines.push('# TYPE shop_seconds histogram');
    for (const [i, le] of ['0.1', '1.0', '+Inf'].entries()) {
      lines.push(`shop_seconds_bucket{le="${le}"} ${scrapes * (i + 1)} # {trace_id="t${scrapes}"} 0.05`);
    }
    lines.push(`shop_seconds_sum ${scrapes * 0.7}`, `shop_seconds_count ${scrapes * 3}`, '# EOF', '');
    response.setHeader('Content-Type', 'application/openmetrics-text; version=1.0.0; charset=utf-8');
    response.end(lines.join('\n'));
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  const stop = () => new Promise((done) => {
    server.close(done);
    server.closeAllConnections();
  });
  t.after(() => server.listening && stop());
  return { address: `127.0.0.1:${server.address().port}`, stop };
}

/** Debian's Prometheus, which sends what it scrapes to `receiver`. */
async function prometheus(t, dir, target, receiver) {
  const port = await freePort();
  const config = join(dir, 'prometheus.yml');
  writeFileSync(config, `global: {scrape_interval: 500ms, scrape_timeout: 400ms}
scrape_configs:
  - job_name: shop
    static_configs: [{targets: ["${target}"]}]
remote_write:
  - url: ${receiver}/api/v1/write
    send_exemplars: true
    metadata_config: {send: true, send_interval: 1s}
    queue_config: {batch_send_deadline: 300ms, min_backoff: 30ms, max_backoff: 300ms}
`);
  mkdirSync(join(dir, 'prometheus'));
  const child = spawn('prometheus', [`--config.file=${config}`, `--storage.tsdb.path=${join(dir, 'prometheus')}`,
    `--web.listen-address=127.0.0.1:${port}`, '--enable-feature=exemplar-storage', '--log.level=warn'],
  { stdio: ['ignore', 'ignore', 'pipe'] });
  let text = '';
  child.stderr.on('data', (bytes) => (text += bytes));
  const ended = new Promise((done) => child.on('close', done));
  t.after(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  const url = `http://127.0.0.1:${port}`;
  await until('Prometheus is ready', async () => (await fetch(`${url}/-/ready`)).ok, 40);
  return { url, stderr: () => text };
}

async function query(url, text) {
  const reply = await json(`${url}/api/v1/query?${new URLSearchParams({ query: text })}`);
  assert.equal(reply.status, 'success', JSON.stringify(reply));
  return reply.data.result;
}

/** Every raw sample of the job as "series time value", sorted. */
async function samples(url, job = 'shop') {
  const lines = [];
  for (const { metric, values } of await query(url, `{job="${job}"}[30m]`)) {
    const name = JSON.stringify(Object.entries(metric).sort());
    for (const [time, value] of values) lines.push(`${name} ${time} ${value}`);
  }
  return lines.sort();
}

const ownMetric = async (url, name) => {
  const page = await (await fetch(`${url}/metrics`)).text();
  return Number(page.split('\n').find((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`))?.split(' ').at(-1));
};

test('what a real Prometheus sends arrives whole and once, mamori killed in between', async (t) => {
  const dir = scratch(t);
  const data = join(dir, 'data');
  const port = await freePort();
  const target = await exporter(t);
  let mamori = await serve(t, { data, port });
  const sender = await prometheus(t, dir, target.address, mamori.url);
  const arrived = async (scrapes) => until(`${scrapes} scrapes arrive`, async () =>
    Number((await query(mamori.url, 'count_over_time(up{job="shop"}[30m])'))[0]?.value[1]) >= scrapes, 30);

  await arrived(6);
  for (let round = 1; round <= 3; round += 1) {
    mamori.kill('SIGKILL');
    await mamori.exited;
    await pause(1.5); // some scrapes that Prometheus must keep and send later
    mamori = await serve(t, { data, port });
    await arrived(6 + round * 6);
  }

  const metadata = await until('metadata arrives', async () => {
    const found = (await json(`${mamori.url}/api/v1/metadata?metric=shop_payments`)).data;
    return found.shop_payments && found;
  });
  assert.deepEqual(metadata.shop_payments, [{ type: 'counter', help: 'Payments taken', unit: '' }]);
  assert.ok(await ownMetric(mamori.url, 'mamori_remote_write_exemplars_total') > 0);

  // The target goes away: Prometheus ends its series, and so must mamori.
  await target.stop();
  const [wanted, got] = await until('both have the same samples', async () => {
    const both = [await samples(sender.url), await samples(mamori.url)];
    const ended = (await query(sender.url, 'shop_payments_total')).length === 0;
    return ended && both[0].length === both[1].length && both;
  }, 30).catch(async () => [await samples(sender.url), await samples(mamori.url)]);
  const missing = new Set(wanted);
  for (const line of got) missing.delete(line);
  assert.deepEqual([...missing].slice(0, 5), [], `${missing.size} of ${wanted.length} samples are lost`);
  assert.equal(got.length, new Set(got).size, 'a sample is there twice');
  assert.equal(got.length, wanted.length);
  assert.ok(wanted.length > 200 * 20, `only ${wanted.length} samples were compared`);
  await until('the staleness markers arrive', async () => // on their way when the last samples have been there
    (await query(mamori.url, 'shop_payments_total')).length === 0);
  assert.equal((await query(mamori.url, 'shop_odd{kind="nan"}[30m]'))[0].values[0][1], 'NaN');
  assert.doesNotMatch(sender.stderr(), /non-recoverable/, 'Prometheus had to give up nothing');
});

test('headers and bodies that are not remote write are refused in words', async (t) => {
  const dir = scratch(t);
  const { url } = await serve(t, { data: join(dir, 'data') });
  const send = async (headers, body) => {
    const reply = await fetch(`${url}/api/v1/write`, { method: 'POST', headers, body });
    return [reply.status, await reply.text()];
  };
  const protobuf = { 'Content-Type': 'application/x-protobuf', 'Content-Encoding': 'snappy' };
  const [json415, why] = await send({ 'Content-Type': 'application/json' }, '{}');
  assert.equal(json415, 415);
  assert.match(why, /application\/x-protobuf/);
  assert.equal((await send({ ...protobuf, 'Content-Encoding': 'zstd' }, 'x'))[0], 415);
  assert.equal((await send({ ...protobuf, 'Content-Type': 'application/x-protobuf;proto=io.prometheus.write.v9.Request' }, 'x'))[0], 415);
  assert.deepEqual(await send(protobuf, 'nothing'), [400, 'the body is not a whole snappy block\n']);
  assert.equal((await send(protobuf, new Uint8Array([0])))[0], 204, 'an empty message, as a snappy block');
  assert.equal((await fetch(`${url}/api/v1/write`)).status, 405);
});
