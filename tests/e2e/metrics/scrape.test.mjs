// A prometheus.yml's scrape_configs end to end: exporters behind TLS and passwords, found in files, relabelled, limited,
// reached through a proxy; and what the API tells of it.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createServer as createHttp } from 'node:http';
import { createServer as createHttps } from 'node:https';
import { connect } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { json, run, scratch, serve, until } from '../lib/mamori.mjs';

/** A certificate for `name`, signed by itself: its own CA. */
function certificate(dir, name) {
  const cert = join(dir, `${name}.pem`), key = join(dir, `${name}.key`);
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2',
    '-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${name}`, '-keyout', key, '-out', cert], { stdio: 'ignore' });
  return { cert, key };
}

/** Starts `server` on a free port of loopback; its address. */
async function listen(t, server) {
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  t.after(() => {
    server.closeAllConnections();
    return new Promise((done) => server.close(done));
  });
  return `127.0.0.1:${server.address().port}`;
}

const OPEN_METRICS = { 'Content-Type': 'application/openmetrics-text; version=1.0.0; charset=utf-8' };
const TEXT = { 'Content-Type': 'text/plain; version=0.0.4' };

/** An exporter that wants a client certificate of `clients` and the user's password, and leads from /metrics to /real. */
function shop(own, clients) {
  return createHttps({ cert: readFileSync(own.cert), key: readFileSync(own.key), ca: readFileSync(clients.cert),
    requestCert: true, rejectUnauthorized: true }, (request, response) => {
    if (request.headers.authorization !== `Basic ${Buffer.from('mamori:s3cret').toString('base64')}`) {
      response.writeHead(401).end();
    } else if (request.url.startsWith('/metrics')) {
      response.writeHead(302, { Location: request.url.replace('metrics', 'real') }).end();
    } else {
      response.writeHead(200, OPEN_METRICS).end(`# TYPE orders counter
# HELP orders Orders.
orders_total{instance="own"} 7 # {trace_id="t1"} 1
# TYPE asked gauge
asked{url="${request.url}"} 1
# TYPE go_threads gauge
go_threads 9
# EOF
`);
    }
  });
}

/** An exporter that wants a bearer token. */
function bank(own, token) {
  return createHttps({ cert: readFileSync(own.cert), key: readFileSync(own.key) }, (request, response) => {
    const allowed = request.headers.authorization === `Bearer ${token}`;
    response.writeHead(allowed ? 200 : 403, TEXT).end('# TYPE transfers gauge\ntransfers{bank="a"} 1\ntransfers{bank="b"} 2\n');
  });
}

async function api(url, path, parameters = {}) {
  const reply = await json(`${url}/api/v1/${path}?${new URLSearchParams(parameters)}`);
  assert.equal(reply.status, 'success', JSON.stringify(reply));
  return reply.data;
}
const query = async (url, text) => (await api(url, 'query', { query: text })).result;
const value = async (url, text) => (await query(url, text))[0]?.value[1];

test('exporters behind TLS and passwords are found, relabelled and scraped', async (t) => {
  const dir = scratch(t);
  const own = certificate(dir, 'exporter.example'), client = certificate(dir, 'mamori.example');
  const shopAddress = await listen(t, shop(own, client));
  const bankAddress = await listen(t, bank(own, 't0ken'));
  const targets = (list) => {
    writeFileSync(join(dir, 'new'), JSON.stringify(list));
    renameSync(join(dir, 'new'), join(dir, 'targets.json'));
  };
  targets([{ targets: [shopAddress], labels: { team: 'shop' } }, { targets: ['127.0.0.1:1'], labels: { team: 'old' } }]);
  writeFileSync(join(dir, 'password'), 's3cret\n');
  const config = join(dir, 'prometheus.yml');
  writeFileSync(config, `global: {scrape_interval: 1s, scrape_timeout: 1s}
scrape_configs:
  - job_name: shop
    scheme: https
    params: {module: [a, b]}
    basic_auth: {username: mamori, password_file: password}
    tls_config: {ca_file: exporter.example.pem, cert_file: mamori.example.pem, key_file: mamori.example.key, server_name: exporter.example}
    file_sd_configs: [{files: ["targets*.json"]}]
    relabel_configs:
      - {source_labels: [team], regex: old, action: drop}
      - {source_labels: [__meta_filepath], regex: ".*/(.*)", target_label: found_in}
      - {source_labels: [__address__], regex: "(.*):.*", target_label: instance}
    metric_relabel_configs:
      - {source_labels: [__name__], regex: "go_.*", action: drop}
  - job_name: bank
    scheme: https
    authorization: {credentials: t0ken}
    tls_config: {insecure_skip_verify: true}
    static_configs: [{targets: ["${bankAddress}"]}]
  - job_name: too_long
    scheme: https
    bearer_token: t0ken
    sample_limit: 1
    tls_config: {insecure_skip_verify: true}
    static_configs: [{targets: ["${bankAddress}"]}]
`);
  const check = await run(['check', config]);
  assert.equal(check.stdout, '1 file: 0 errors, 0 warnings, 0 info\n');
  const { url } = await serve(t, { data: join(dir, 'data'), config: [config] });

  await until('both are up', async () => (await query(url, 'up{job=~"shop|bank"} == 1')).length === 2);
  const [orders] = await query(url, 'orders_total');
  assert.deepEqual(orders.metric, { __name__: 'orders_total', instance: '127.0.0.1', exported_instance: 'own', job: 'shop',
    team: 'shop', found_in: 'targets.json' });
  assert.equal(orders.value[1], '7');
  assert.equal((await query(url, 'asked'))[0].metric.url, '/real?module=a&module=b', 'the redirect was followed');
  assert.deepEqual(await query(url, 'go_threads'), []);
  assert.equal(await value(url, 'scrape_samples_scraped{job="shop"}'), '3');
  assert.equal(await value(url, 'scrape_samples_post_metric_relabeling{job="shop"}'), '2');

  await until('the limit was met', async () => await value(url, 'up{job="too_long"}') === '0');
  assert.deepEqual(await query(url, 'transfers{job="too_long"}'), []);
  const all = await api(url, 'targets');
  assert.equal(all.activeTargets.find((one) => one.scrapePool === 'too_long').lastError, 'sample limit exceeded');
  const found = all.activeTargets.find((one) => one.scrapePool === 'shop');
  assert.equal(found.discoveredLabels.__meta_filepath, join(dir, 'targets.json'));
  assert.equal(found.scrapeUrl, `https://${shopAddress}/metrics?module=a&module=b`);
  assert.deepEqual(all.droppedTargets.map((one) => one.discoveredLabels.__address__), ['127.0.0.1:1']);
  assert.deepEqual(all.droppedTargetCounts, { bank: 0, mamori: 0, shop: 1, too_long: 0 });

  const shown = (await api(url, 'status/config')).yaml;
  assert.ok(!/t0ken|s3cret/.test(shown), shown);

  targets([]);
  await until('a target that is gone ends its series', async () =>
    (await query(url, 'orders_total')).length === 0 && (await query(url, 'up{job="shop"}')).length === 0);
  targets([{ targets: [shopAddress] }]);
  await until('it comes back', async () => (await query(url, 'orders_total')).length === 1);
  writeFileSync(join(dir, 'password'), 'wrong');
  await until('a new password counts at once', async () => await value(url, 'up{job="shop"}') === '0');
});

test('a proxy is asked for http targets, and passes https through', async (t) => {
  const dir = scratch(t);
  const own = certificate(dir, 'exporter.example');
  const bankAddress = await listen(t, bank(own, 't'));
  const plainAddress = await listen(t, createHttp((request, response) => response.writeHead(200, TEXT).end('plain 1\n')));
  const asked = new Set();
  const proxy = createHttp((request, response) => {
    asked.add(`${request.method} ${request.url} ${request.headers['proxy-authorization']}`);
    response.writeHead(200, TEXT).end('by_proxy 1\n');
  });
  proxy.on('connect', (request, socket) => {
    asked.add(`CONNECT ${request.url} ${request.headers['proxy-authorization']}`);
    const [host, port] = request.url.split(':');
    const target = connect(Number(port), host, () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      target.pipe(socket).pipe(target);
    });
    for (const one of [target, socket]) one.on('error', () => { target.destroy(); socket.destroy(); });
  });
  const proxyAddress = await listen(t, proxy);
  const config = join(dir, 'prometheus.yml');
  writeFileSync(config, `global: {scrape_interval: 1s, scrape_timeout: 1s}
scrape_configs:
  - {job_name: plain, proxy_url: "http://u:p@${proxyAddress}", static_configs: [{targets: ["${plainAddress}"]}]}
  - {job_name: bank, scheme: https, bearer_token: t, proxy_url: "http://u:p@${proxyAddress}", tls_config: {insecure_skip_verify: true},
     static_configs: [{targets: ["${bankAddress}"]}]}
`);
  const { url } = await serve(t, { data: join(dir, 'data'), config: [config] });
  await until('both are up', async () => (await query(url, 'up{job=~"plain|bank"} == 1')).length === 2);
  assert.equal(await value(url, 'by_proxy'), '1');
  assert.equal((await query(url, 'transfers')).length, 2);
  const who = `Basic ${Buffer.from('u:p').toString('base64')}`;
  assert.deepEqual([...asked].sort(), [`CONNECT ${bankAddress} ${who}`, `GET http://${plainAddress}/metrics ${who}`]);
});

test('a page is checked before an exporter is let out', async (t) => {
  const file = join(scratch(t), 'page.prom');
  writeFileSync(file, '# HELP wait_ms Wait.\n# TYPE wait_ms gauge\nwait_ms 1\n');
  const lint = await run(['check', 'metrics', file]);
  assert.deepEqual([lint.code, lint.stdout], [3, `${file}:1:1: wait_ms metric names should not contain abbreviated units\n`]);
  writeFileSync(file, 'a 1\nb{c="d} 2\n');
  const broken = await run(['check', 'metrics', file]);
  assert.equal(broken.code, 1);
  assert.match(broken.stdout, /^.*page\.prom:\d+:\d+: error: the quoted text does not end\n$/);
});
