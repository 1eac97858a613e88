// The life of `mamori serve`: what it says when it cannot start, how it ends, what survives, and how the spec is reloaded.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { binary, bulk, json, run, scratch, serve, until } from '../lib/mamori.mjs';

const payment = (id) => ({ payment_id: id, status: 'succeeded', amount: 1000, currency: 'JPY', payment_method: 'card', processing_time: 200 });
const indicator = (threshold) => `payment_monitoring:
  metrics:
    - name: payment_success_rate
      threshold: ${threshold}
      period: 60
      statistic: Average
      alarm_action: immediate_alert
`;

async function lines(url, query = '*') {
  const [start, end] = [-3600e3, 60e3].map((offset) => new Date(Date.now() + offset).toISOString());
  return (await json(`${url}/api/mamori/v1/logs/query?query=${query}&limit=10000&start=${start}&end=${end}`)).lines;
}

/** Exit 2 and exactly one line on stderr that matches. */
async function refused(args, pattern, code = 2) {
  const got = await run(args);
  assert.equal(got.code, code, got.stderr);
  assert.match(got.stderr, pattern);
  assert.equal(got.stderr.trim().split('\n').length, 1, got.stderr);
  assert.equal(got.stdout, '');
}

test('each mistake of the command line is one line that names the remedy, and exit 2', async (t) => {
  const data = join(scratch(t), 'data');
  await refused(['serve'], /--data DIR is missing/);
  await refused(['serve', '--data', data, '--lisen', 'x'], /did you mean --listen/);
  await refused(['serve', '--data', data, '--listen', 'nonsense'], /--listen nonsense/);
  await refused(['serve', '--data', data, '--listen', '0.0.0.0:0'], /no authentication yet.*127\.0\.0\.1/);
  await refused(['serve', '--data', data, '--config', '/nowhere/spec.yaml'], /\/nowhere\/spec\.yaml/);
  await refused(['serve', '--data', data, '--fsync', 'sometimes'], /always, interval or never/);
  await refused(['srve'], /did you mean 'serve'/);
  assert.equal(existsSync(data), false, 'nothing was made');
});

test('a port in use is said with the remedy', async (t) => {
  const taken = createServer();
  await new Promise((done) => taken.listen(0, '127.0.0.1', done));
  t.after(() => taken.close());
  await refused(['serve', '--data', join(scratch(t), 'data'), '--listen', `127.0.0.1:${taken.address().port}`],
    /is in use by another program.*--listen/);
});

test('a data directory that cannot be written, is a file, or is in use is said with the remedy', async (t) => {
  const dir = scratch(t);
  writeFileSync(join(dir, 'file'), '');
  await refused(['serve', '--listen', '127.0.0.1:0', '--data', join(dir, 'file')], /is not a directory.*--data/);
  await serve(t, { data: join(dir, 'data') });
  await refused(['serve', '--listen', '127.0.0.1:0', '--data', join(dir, 'data')], /another mamori uses/);
  if (process.getuid() === 0) {
    await refused(['serve', '--listen', '127.0.0.1:0', '--data', '/proc/mamori'], /cannot create the data directory.*--data/);
  } else {
    const locked = join(dir, 'locked');
    mkdirSync(locked);
    chmodSync(locked, 0o500);
    await refused(['serve', '--listen', '127.0.0.1:0', '--data', locked], /cannot write.*--data/);
  }
});

test('a spec with errors ends the start with exit 3 and names file, line and column', async (t) => {
  const dir = scratch(t);
  const spec = join(dir, 'spec.yaml');
  writeFileSync(spec, indicator('much'));
  const got = await run(['serve', '--data', join(dir, 'data'), '--listen', '127.0.0.1:0', '--config', spec]);
  assert.equal(got.code, 3, got.stderr);
  assert.match(got.stderr, /spec\.yaml:4:\d+: error: /);
});

test('SIGTERM ends with exit 0 and nothing is lost', async (t) => {
  const data = join(scratch(t), 'data');
  const first = await serve(t, { data });
  const reply = await bulk(first.url, 'payment_logs', Array.from({ length: 500 }, (_, i) => payment(`p${i}`)));
  assert.equal(reply.errors, false);
  first.kill('SIGTERM');
  assert.deepEqual(await first.exited, { code: 0, signal: null });
  const second = await serve(t, { data });
  assert.equal((await lines(second.url)).length, 500);
});

test('SIGTERM answers the requests that are under way', async (t) => {
  const server = await serve(t, { data: join(scratch(t), 'data') });
  const shipped = Promise.all(Array.from({ length: 20 }, (_, i) => bulk(server.url, 'payment_logs', [payment(`p${i}`)]).catch((error) => error)));
  await shipped;
  server.kill('SIGTERM');
  assert.equal((await server.exited).code, 0);
});

test('what was acknowledged survives kill -9, at any moment', async (t) => {
  const data = join(scratch(t), 'data');
  const acknowledged = new Set();
  for (let round = 0; round < 4; round++) {
    const server = await serve(t, { data });
    const present = new Set((await lines(server.url)).map(({ line }) => line.payment_id));
    for (const id of acknowledged) assert.ok(present.has(id), `${id} was acknowledged before round ${round} and is gone`);
    let next = 0;
    const shipper = async () => {
      for (;;) {
        const ids = Array.from({ length: 20 }, () => `r${round}-${next++}`);
        const reply = await bulk(server.url, 'payment_logs', ids.map(payment));
        reply.items.forEach((item, i) => item.create.status === 201 && acknowledged.add(ids[i]));
      }
    };
    const shippers = [shipper(), shipper()].map((running) => running.catch(() => {}));
    const before = acknowledged.size;
    await until('some lines are acknowledged', () => acknowledged.size >= before + 200);
    server.kill('SIGKILL');
    await Promise.all(shippers);
  }
  assert.ok(acknowledged.size >= 800);
});

test('a reload takes a good spec and leaves the old in force when the new is broken', async (t) => {
  const dir = scratch(t);
  const spec = join(dir, 'spec.yaml');
  writeFileSync(spec, indicator(99.5));
  const server = await serve(t, { data: join(dir, 'data'), config: [spec] });
  const threshold = async () => (await json(`${server.url}/api/mamori/v1/overview`)).indicators[0]?.threshold;
  const metric = async () => /^mamori_config_last_reload_successful (\d)/m.exec(await (await fetch(`${server.url}/metrics`)).text())[1];
  await until('the first spec is in force', async () => (await threshold()) === 99.5);

  writeFileSync(spec, indicator(98));
  assert.equal((await fetch(`${server.url}/-/reload`, { method: 'POST' })).status, 200);
  await until('the second spec is in force', async () => (await threshold()) === 98);
  assert.equal(await metric(), '1');

  writeFileSync(spec, indicator(97).replace('threshold', 'treshold'));
  const reply = await fetch(`${server.url}/-/reload`, { method: 'POST' });
  assert.equal(reply.status, 400);
  assert.match(await reply.text(), /spec\.yaml:\d+:\d+: error: .*threshold/);
  assert.equal(await metric(), '0');
  const overview = await json(`${server.url}/api/mamori/v1/overview`);
  assert.equal(overview.config.last_reload_successful, false);
  assert.match(overview.config.last_reload_error, /spec\.yaml/);
  assert.equal(overview.indicators[0].threshold, 98);

  writeFileSync(spec, indicator(96));
  server.kill('SIGHUP');
  await until('SIGHUP reads the mended spec', async () => (await threshold()) === 96);
  assert.equal(await metric(), '1');
});

test('a full disk refuses writes with 503, keeps what it has, and goes on when there is room', async (t) => {
  if (process.getuid() !== 0) return t.skip('a small file system can be mounted by root only');
  let mount; // unmounted first: hooks run in the order in which they were given
  t.after(() => mount && execFileSync('umount', ['-l', mount]));
  mount = join(scratch(t), 'small');
  mkdirSync(mount);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', mount]);
  const server = await serve(t, { data: join(mount, 'data') });
  const filler = join(mount, 'filler');
  await bulk(server.url, 'payment_logs', [payment('before')]);
  try {
    writeFileSync(filler, Buffer.alloc(8 << 20));
  } catch (error) {
    assert.equal(error.code, 'ENOSPC');
  }
  const full = await until('a write is refused', async () => {
    const reply = await bulk(server.url, 'payment_logs', Array.from({ length: 200 }, (_, i) => ({ ...payment(`full${i}`), user_agent: 'x'.repeat(500) })));
    return reply.status === 503 && reply;
  });
  assert.match(JSON.stringify(full.error), /No space left/);
  assert.equal((await lines(server.url, 'payment_id:before')).length, 1, 'queries go on');
  execFileSync('rm', [filler]);
  await until('writes are taken again', async () => (await bulk(server.url, 'payment_logs', [payment('after')])).errors === false);
  server.kill('SIGKILL');
  await server.exited;
  const again = await serve(t, { data: join(mount, 'data') });
  assert.ok((await lines(again.url, 'payment_id:before')).length === 1);
  assert.ok((await lines(again.url, 'payment_id:after')).length >= 1);
});

test('without a spec it takes every stream, scrapes itself and judges nothing', async (t) => {
  const server = await serve(t, { data: join(scratch(t), 'data') });
  assert.equal((await bulk(server.url, 'anything', [{ message: 'hello' }])).errors, false);
  const overview = await until('it has scraped itself', async () => {
    const got = await json(`${server.url}/api/mamori/v1/overview`);
    return got.scrape_targets.some((target) => target.health === 'up') && got;
  });
  assert.equal(overview.configured, false);
  assert.deepEqual(overview.indicators, []);
  assert.deepEqual(overview.scrape_targets.map((target) => target.job), ['mamori']);
});

test('pages of other sites and foreign host names are kept out', async (t) => {
  const server = await serve(t, { data: join(scratch(t), 'data') });
  const ask = async (headers, method = 'GET') => raw_request(server.address, method, headers);
  assert.match(await ask('Host: evil.example'), /^HTTP\/1\.1 421/);
  assert.match(await ask(`Host: ${server.address}\r\nSec-Fetch-Site: cross-site`, 'POST'), /^HTTP\/1\.1 403/);
  assert.match(await ask(`Host: ${server.address}`), /^HTTP\/1\.1 200/);
});

/** One raw request; fetch() would not send a foreign Host. */
async function raw_request(address, method, headers) {
  const { connect } = await import('node:net');
  const [host, port] = address.split(':');
  return new Promise((done, fail) => {
    const socket = connect(Number(port), host, () => socket.write(`${method} /-/healthy HTTP/1.1\r\n${headers}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`));
    let text = '';
    socket.on('data', (data) => (text += data));
    socket.on('end', () => done(text));
    socket.on('error', fail);
  });
}

test('help and version answer on stdout with exit 0', async () => {
  for (const args of [['help'], ['--help'], ['help', 'serve'], ['serve', '--help'], ['help', 'check'], ['help', 'demo'], ['--version']]) {
    const got = await run(args);
    assert.equal(got.code, 0, args.join(' '));
    assert.ok(got.stdout.length > 5, args.join(' '));
    assert.equal(got.stderr, '');
  }
  assert.equal((await run([])).code, 2);
});

test('the program needs no file beside it', async (t) => {
  const dir = scratch(t);
  execFileSync('cp', [binary, join(dir, 'mamori')]);
  const server = await serve(t, { data: join(dir, 'data') });
  const page = await (await fetch(`${server.url}/ui/`)).text();
  assert.match(page, /<html/i);
  assert.ok(readFileSync(join(dir, 'mamori')).length > 0);
});
