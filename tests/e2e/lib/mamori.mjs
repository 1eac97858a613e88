// Starts the real program for an end-to-end test, and ends it by its own process id. No npm packages.
// MAMORI names the binary (CTest sets it).
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const binary = process.env.MAMORI ?? 'build/release/mamori';

/** Polls `check` until it gives something true; throws with `what` after `seconds`. */
export async function until(what, check, seconds = 20) {
  const end = Date.now() + seconds * 1000;
  let last;
  while (Date.now() < end) {
    try {
      const got = await check();
      if (got) return got;
    } catch (error) {
      last = error;
    }
    await new Promise((done) => setTimeout(done, 50));
  }
  throw new Error(`not within ${seconds} s: ${what}${last ? ` (${last.message})` : ''}`);
}

/** A folder that is removed when the test ends. */
export function scratch(t) {
  const dir = mkdtempSync(join(tmpdir(), 'mamori-e2e-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** Runs a command to its end: {code, stdout, stderr}. */
export function run(args, options = {}) {
  return new Promise((done) => {
    const child = spawn(binary, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
    let stdout = '', stderr = '';
    child.stdout.on('data', (data) => (stdout += data));
    child.stderr.on('data', (data) => (stderr += data));
    child.on('close', (code, signal) => done({ code, signal, stdout, stderr }));
  });
}

/**
 * Starts `mamori serve` on a free port and waits until it is ready. Returned: url, stderr(), kill(signal), exited (a
 * promise of {code, signal}). Ended with SIGKILL after the test if it still runs.
 */
export async function serve(t, { data, config = [], args = [], port = 0, wrapper = [] }) {
  const command = [...wrapper, binary, 'serve', '--data', data, '--listen', `127.0.0.1:${port}`,
    ...config.flatMap((file) => ['--config', file]), ...args];
  const child = spawn(command[0], command.slice(1), { stdio: ['ignore', 'ignore', 'pipe'] });
  let text = '';
  child.stderr.on('data', (bytes) => (text += bytes));
  let ended = false;
  const exited = new Promise((done) => child.on('close', (code, signal) => {
    ended = true;
    done({ code, signal });
  }));
  t.after(async () => {
    if (!ended) child.kill('SIGKILL');
    await exited;
  });
  const address = await until('mamori says that it is listening', () => {
    if (ended) throw new Error(`it ended: ${text}`);
    return /msg="listening" address=(\S+)/.exec(text)?.[1];
  });
  const url = `http://${address}`;
  await until('mamori is ready', async () => (await fetch(`${url}/-/ready`)).ok);
  return { url, address, child, exited, stderr: () => text, kill: (signal) => child.kill(signal) };
}

/** Ships documents as _bulk does; the parsed answer. */
export async function bulk(url, index, documents) {
  const body = documents.map((document) => `{"create":{"_index":"${index}"}}\n${JSON.stringify(document)}\n`).join('');
  const reply = await fetch(`${url}/_bulk`, { method: 'POST', headers: { 'Content-Type': 'application/x-ndjson' }, body,
    signal: AbortSignal.timeout(15_000) });
  return { status: reply.status, ...(await reply.json()) };
}

export async function json(url) {
  const reply = await fetch(url, { signal: AbortSignal.timeout(15_000) });
  return reply.json();
}
