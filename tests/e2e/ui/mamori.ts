// The real program for a test: its own data folder, a free port, an end that leaves nothing behind.
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const binary = process.env.MAMORI ?? fileURLToPath(new URL('../../../build/release/mamori', import.meta.url));
const START_MS = 20_000;
const STOP_MS = 20_000;

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}

export class Mamori {
  private process: ChildProcess | null = null;
  private said = '';

  private constructor(
    readonly url: string,
    private readonly listen: string,
    private readonly folder: string,
  ) {}

  /** Prepares a folder with the configuration; start() starts. */
  static async create(config: string): Promise<Mamori> {
    const folder = mkdtempSync(join(tmpdir(), 'mamori-ui-'));
    writeFileSync(join(folder, 'mamori.yaml'), config);
    const listen = `127.0.0.1:${await freePort()}`;
    return new Mamori(`http://${listen}`, listen, folder);
  }

  async start(): Promise<void> {
    this.said = '';
    const args = ['serve', '--config', join(this.folder, 'mamori.yaml'), '--data', join(this.folder, 'data'), '--listen', this.listen];
    const child = spawn(binary, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    this.process = child;
    child.stderr?.on('data', (bytes: Buffer) => (this.said += bytes.toString()));
    await new Promise<void>((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`mamori is not ready after ${START_MS} ms:\n${this.said}`)), START_MS);
      const settle = (end: () => void) => {
        clearTimeout(late);
        end();
      };
      child.on('error', (error) => settle(() => reject(error)));
      child.on('exit', (code) => settle(() => reject(new Error(`mamori ended with ${code}:\n${this.said}`))));
      child.stderr?.on('data', () => this.said.includes('listening') && settle(resolve));
    });
  }

  async stop(): Promise<void> {
    const child = this.process;
    this.process = null;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.kill('SIGTERM');
    const late = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
    await ended;
    clearTimeout(late);
  }

  async dispose(): Promise<void> {
    await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Ships documents as a shipper does; fails unless each was taken. */
  async ship(stream: string, documents: object[]): Promise<void> {
    const body = documents.map((document) => `${JSON.stringify({ create: {} })}\n${JSON.stringify(document)}\n`).join('');
    const response = await fetch(`${this.url}/${stream}/_bulk`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/x-ndjson' },
      body,
    });
    const answer = (await response.json()) as { errors: boolean };
    if (response.status !== 200 || answer.errors) throw new Error(`_bulk: ${response.status} ${JSON.stringify(answer).slice(0, 500)}`);
  }

  async get<T>(path: string): Promise<T> {
    const response = await fetch(`${this.url}${path}`);
    if (!response.ok) throw new Error(`GET ${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  }
}
