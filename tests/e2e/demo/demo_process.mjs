// Starts `mamori demo` in a directory of its own on free ports, and asks it and mamori over HTTP.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const mamori = process.env.MAMORI ?? 'build/release/mamori';
const sleep = (ms) => new Promise((wake) => setTimeout(wake, ms));

/** Calls `look` until it returns something true; fails after `seconds` with the last error. */
export async function until(what, seconds, look) {
  const end = Date.now() + seconds * 1000;
  let last = '';
  for (;;) {
    try {
      const found = await look();
      if (found) return found;
    } catch (error) {
      last = `; last: ${error.cause?.message ?? error.message}`;
    }
    if (Date.now() > end) throw new Error(`no ${what} within ${seconds} s${last}`);
    await sleep(200);
  }
}

/** A server that keeps the alert notifications sent to it. */
export class Notified {
  notifications = [];

  async listen() {
    this.server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk) => (body += chunk));
      request.on('end', () => {
        this.notifications.push({ at: Date.now(), body: JSON.parse(body) });
        response.writeHead(200).end();
      });
    });
    await new Promise((listening) => this.server.listen(0, '127.0.0.1', listening));
    this.url = `http://127.0.0.1:${this.server.address().port}/alerts`;
  }

  /** Alerts told since `since` with this status and severity. */
  alerts(status, severity, since = 0) {
    return this.notifications
      .filter(({ at }) => at >= since)
      .flatMap(({ at, body }) => body.alerts.map((alert) => ({ ...alert, at, version: body.version })))
      .filter((alert) => alert.status === status && alert.labels.severity === severity);
  }

  close() {
    this.server.closeAllConnections?.();
    this.server.close();
  }
}

export class Demo {
  output = '';

  constructor(flags) {
    this.dir = join((this.folder = mkdtempSync(join(tmpdir(), 'mamori-e2e-demo-'))), 'demo');
    const all = ['--dir', this.dir, '--listen', '127.0.0.1:0', ...flags];
    this.process = spawn(mamori, ['demo', ...all], { stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.process.stdout, this.process.stderr]) stream.on('data', (text) => (this.output += text));
    this.ended = new Promise((resolve) => this.process.on('exit', (code, signal) => resolve(signal ?? code)));
  }

  /** `mamori demo ARGS… --dir DIR`: {status, stdout, stderr}. */
  command(...args) {
    return spawnSync(mamori, ['demo', ...args, '--dir', this.dir], { encoding: 'utf8', timeout: 20_000 });
  }

  status() {
    const { status, stdout, stderr } = this.command('status', '--json');
    if (status !== 0) throw new Error(stderr.trim());
    return JSON.parse(stdout);
  }

  pids() {
    return Object.fromEntries(this.status().processes.map(({ name, pid }) => [name, pid]));
  }

  get origin() {
    return new URL(JSON.parse(readFileSync(join(this.dir, 'demo.json'), 'utf8')).page_url).origin;
  }

  async getJson(path, parameters = {}) {
    const url = `${this.origin}${path}?${new URLSearchParams(parameters)}`;
    const response = await fetch(url, { signal: AbortSignal.timeout(10_000) });
    const text = await response.text();
    if (!response.ok) throw new Error(`${response.status} from ${path}: ${text.slice(0, 300)}`);
    return JSON.parse(text);
  }

  async lines(query, start) {
    return (await this.getJson('/api/mamori/v1/logs/query', { query, start: start.toISOString(), limit: '1000' })).lines;
  }

  /** Ends what is left, whatever happened before. */
  async dispose() {
    if (this.process.exitCode === null && this.process.signalCode === null) this.process.kill('SIGKILL');
    await this.ended;
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}

/** True while `pid` is a process that has not ended. */
export function runs(pid) {
  try {
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}
