// Starts Debian's Prometheus for a test and runs its promtool. No npm packages.
import { execFile, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { until } from './mamori.mjs';

export async function freePort() {
  const server = createServer();
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address();
  await new Promise((done) => server.close(done));
  return port;
}

/** Ready when returned: {url, stop()}. Its data are in `dir`/prometheus. Ended with the test if it still runs. */
export async function prometheus(t, dir, { config = '', args = [] } = {}) {
  const port = await freePort();
  const file = join(dir, 'prometheus.yml');
  writeFileSync(file, config);
  mkdirSync(join(dir, 'prometheus'), { recursive: true });
  const child = spawn('prometheus', [`--config.file=${file}`, `--storage.tsdb.path=${join(dir, 'prometheus')}`,
    `--web.listen-address=127.0.0.1:${port}`, '--log.level=warn', ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
  let text = '';
  child.stderr.on('data', (bytes) => (text += bytes));
  child.on('error', (error) => (text += error.message));
  const ended = new Promise((done) => {
    child.on('close', done);
    child.on('error', done);
  });
  const stop = (signal = 'SIGTERM') => {
    child.kill(signal);
    return ended;
  };
  t.after(() => stop('SIGKILL'));
  const url = `http://127.0.0.1:${port}`;
  await until(`Prometheus is ready (${text})`, async () => (await fetch(`${url}/-/ready`)).ok, 40);
  return { url, stop, stderr: () => text };
}

/** Runs promtool to its end: {code, stdout, stderr}. */
export function promtool(...args) {
  return new Promise((done) => {
    execFile('promtool', args, { encoding: 'utf8', maxBuffer: 1 << 28 }, (error, stdout, stderr) =>
      done({ code: error ? (error.code ?? 1) : 0, stdout, stderr }));
  });
}
