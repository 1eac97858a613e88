// The demo without a terminal, as ./run --smoke calls it: node scripts/smoke.mjs PATH-OF-MAMORI
// Starts it on free ports in a folder of its own, waits for the page, for live data, and for the notification that an
// injected fault causes; prints what it saw with the seconds since the start; stops everything and looks that nothing
// is left. Exit status 0, else 1 with the reason and the end of the demo's own output.
import { spawn, spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const FAULT = 'provider-errors';
const seconds = { page: 60, data: 90, notification: 120, stop: 40 }; // the longest waits; a slow machine needs half

const mamori = resolve(process.argv[2] ?? 'build/release/mamori');
const folder = mkdtempSync(join(tmpdir(), 'mamori-smoke-'));
const dir = join(folder, 'demo');
const output = join(folder, 'output.log');
const begin = Date.now();
const since = () => ((Date.now() - begin) / 1000).toFixed(1).padStart(6);
const say = (text) => console.log(`${since()} s  ${text}`);
const sleep = (ms) => new Promise((wake) => setTimeout(wake, ms));

class Failed extends Error {}

/** Calls `look` until it returns something; the reason of the last try is part of the message when time is up. */
async function until(what, limit, look) {
  const end = Date.now() + limit * 1000;
  let last = '';
  for (;;) {
    if (demoEnded !== undefined) throw new Failed(`the demo ended by itself (${demoEnded}) while waiting for ${what}`);
    try {
      const found = await look();
      if (found) return found;
    } catch (error) {
      if (error instanceof Failed) throw error;
      last = error.cause?.message ?? error.message;
    }
    if (Date.now() > end) throw new Failed(`no ${what} within ${limit} s${last && `; last: ${last}`}`);
    await sleep(250);
  }
}

async function get(url, headers = {}) {
  const response = await fetch(url, { headers, signal: AbortSignal.timeout(10_000) });
  const body = await response.text();
  if (!response.ok) throw new Error(`${response.status} from ${new URL(url).pathname}: ${body.slice(0, 200)}`);
  return body;
}
const getJson = async (url) => JSON.parse(await get(url));

/** Everything the demo started: it leads a session of its own, and its programs name or stand in its folder. */
function processesLeft(session) {
  const left = [];
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      const [state, , , ownSession] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
      const ours = Number(ownSession) === session || command.includes(folder) || readlinkSync(`/proc/${pid}/cwd`).startsWith(folder);
      if (ours && state !== 'Z' && Number(pid) !== process.pid) left.push({ pid: Number(pid), command });
    } catch {
      // it ended meanwhile, or is somebody else's
    }
  }
  return left;
}

const notifications = [];
const webhook = createServer((request, response) => {
  let body = '';
  request.on('data', (chunk) => (body += chunk));
  request.on('end', () => {
    try {
      notifications.push({ at: Date.now(), body: JSON.parse(body) });
      response.writeHead(200).end();
    } catch {
      response.writeHead(400).end();
    }
  });
});

let demo;
let demoEnded; // how, once it has

function demoCommand(...args) {
  const result = spawnSync(mamori, ['demo', ...args, '--dir', dir], { encoding: 'utf8', timeout: 20_000 });
  if (result.status !== 0) throw new Error(`mamori demo ${args.join(' ')}: ${(result.stderr || result.error?.message || '').trim()}`);
  return result.stdout;
}

async function start() {
  await new Promise((listening) => webhook.listen(0, '127.0.0.1', listening));
  const notify = `http://127.0.0.1:${webhook.address().port}/notify`;
  const log = openSync(output, 'w');
  const flags = ['--listen', '127.0.0.1:0', '--shop-listen', '127.0.0.1:0', '--dir', dir, '--notify', notify];
  demo = spawn(mamori, ['demo', ...flags], { detached: true, stdio: ['ignore', log, log] });
  closeSync(log);
  demo.on('exit', (code, signal) => (demoEnded = signal ?? `exit status ${code}`));
  demo.on('error', (error) => (demoEnded = error.message));
  say(`started ${mamori} demo in ${dir}`);
}

async function see() {
  const page = await until('page', seconds.page, async () => {
    const { page_url } = JSON.parse(readFileSync(join(dir, 'demo.json'), 'utf8'));
    const html = await get(page_url, { accept: 'text/html' });
    if (!/<html/i.test(html)) throw new Failed(`${page_url} does not answer with a page`);
    return page_url;
  });
  say(`the page answers: ${page}`);
  const server = new URL(page).origin;
  const { processes } = await until('answer that the demo is ready', seconds.page, () => {
    const status = JSON.parse(demoCommand('status', '--json'));
    return status.ready && status;
  });
  say(`ready: ${processes.map(({ name }) => name).join(', ')}`);

  const lines = await until('live log line', seconds.data, async () => {
    const query = new URLSearchParams({ query: 'event:payment', start: new Date(begin).toISOString(), limit: '1000' });
    const found = (await getJson(`${server}/api/mamori/v1/logs/query?${query}`)).lines;
    return found.some(({ line }) => line.generated !== 'history') && found;
  });
  say(`logs: ${lines.length} payment lines since the start, the latest of ${lines[0].time}`);

  const up = await until('target that is up, the node exporter among them', seconds.data, async () => {
    const { data } = await getJson(`${server}/api/v1/query?query=${encodeURIComponent('up == 1')}`);
    const jobs = data.result.map(({ metric }) => metric.job);
    return jobs.some((job) => /node/.test(job)) && jobs;
  });
  say(`metrics: up is 1 for ${up.join(', ')}`);

  const overview = await until('value of payment_success_rate', seconds.data, async () => {
    const answer = await getJson(`${server}/api/mamori/v1/overview`);
    return answer.indicators.some(({ name, value }) => name === 'payment_success_rate' && value !== null) && answer;
  });
  const shown = overview.indicators.map(({ name, value, unit }) => `${name} ${value === null ? 'no data' : `${+value.toFixed(2)} ${unit}`}`);
  say(`verdict: ${overview.verdict.state}; ${shown.join(', ')}`);
  return server;
}

async function breakIt() {
  demoCommand('fault', FAULT, 'on');
  const injected = Date.now();
  say(`injected: ${FAULT}`);
  const { at, alert } = await until(`notification of a critical alert after ${FAULT}`, seconds.notification, () => {
    for (const { at, body } of notifications) {
      if (at < injected || body.version !== '4') continue;
      const alert = body.alerts?.find(({ status, labels }) => status === 'firing' && labels.severity === 'critical');
      if (alert) return { at, alert };
    }
    return undefined;
  });
  const { alertname, severity } = alert.labels;
  say(`notified ${((at - injected) / 1000).toFixed(1)} s after the fault: ${alertname} (${severity}): ${alert.annotations?.summary ?? ''}`);
  demoCommand('fault', FAULT, 'off');
}

/** Ends the demo as Ctrl-C does. Returns what is wrong about its end, or ''. */
async function stop() {
  if (!demo?.pid) return '';
  const session = demo.pid;
  if (demoEnded === undefined) demo.kill('SIGINT');
  const end = Date.now() + seconds.stop * 1000;
  while ((demoEnded === undefined || processesLeft(session).length > 0) && Date.now() < end) await sleep(100);
  const left = processesLeft(session);
  for (const { pid } of left) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // it ended meanwhile
    }
  }
  if (left.length > 0) return `left running ${seconds.stop} s after SIGINT: ${left.map(({ pid, command }) => `${pid} ${command}`).join('; ')}`;
  return demoEnded === 'exit status 0' ? '' : `the demo ended with ${demoEnded}`;
}

let reason = '';
const interrupted = new Promise((_, reject) => {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => reject(new Failed(`interrupted by ${signal}`)));
});
try {
  await start();
  await Promise.race([interrupted, see().then(breakIt)]);
} catch (error) {
  reason = error instanceof Failed ? error.message : error.stack;
}
const ending = await stop();
reason ||= ending;
if (!ending) say('stopped; nothing is left running');
webhook.close();
webhook.closeAllConnections?.();
if (reason) {
  console.log(`smoke: FAILED: ${reason}`);
  const text = readFileSync(output, 'utf8').trimEnd().split('\n').slice(-40);
  console.log(`The end of the demo's output:\n${text.map((line) => `  | ${line}`).join('\n')}`);
}
rmSync(folder, { recursive: true, force: true });
if (!reason) console.log('smoke: ok');
process.exit(reason ? 1 : 0);
