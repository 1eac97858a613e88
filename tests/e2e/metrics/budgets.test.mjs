// Queries and their bounds end to end: a query over a budget fails alone, a heavy client keeps nobody out, a client that
// hangs up is not worked for, and the process stays under its memory limit.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { scratch, serve, until } from '../lib/mamori.mjs';

// Sorts 360,000 numbers at each of 3,600 steps: longer than any test waits.
const HEAVY = { query: 'quantile_over_time(0.5, vector(1)[1h:10ms])', start: 0, end: 3600, step: 1 };

async function ask(url, path, parameters, headers = {}, signal = undefined) {
  const reply = await fetch(`${url}/api/v1/${path}?${new URLSearchParams(parameters)}`, { headers, signal });
  return { status: reply.status, ...(await reply.json()) };
}

async function metric(url, name) {
  const page = await (await fetch(`${url}/metrics`)).text();
  return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(page)[1]);
}

test('a query over its budget fails alone and names the budget, what set it and its value', async (t) => {
  const { url } = await serve(t, { data: join(scratch(t), 'data'), args: ['--query-max-samples', '5000'] });
  const range = { query: 'vector(1)', start: 0, end: 10_000, step: 1 };

  const samples = await ask(url, 'query_range', range);
  assert.equal(samples.status, 'error');
  assert.match(samples.error, /too many samples into memory in query execution: more than 5000, the limit set by --query-max-samples$/);
  const fewer = await ask(url, 'query_range', { ...range, end: 100 }, { 'X-Mamori-Max-Samples': '10' });
  assert.match(fewer.error, /more than 10, the limit set by X-Mamori-Max-Samples$/);
  const memory = await ask(url, 'query_range', { ...range, end: 1000 }, { 'X-Mamori-Max-Memory': '4KiB' });
  assert.match(memory.error, /needs more than 4KiB of memory, the limit set by X-Mamori-Max-Memory/);
  const time = await ask(url, 'query', { query: 'vector(1)', timeout: '0s' });
  assert.equal(time.errorType, 'timeout');

  const alone = await ask(url, 'query', { query: 'vector(1)', stats: 'all' }, { 'X-Mamori-Max-Samples': '10' });
  assert.equal(alone.data.result.length, 1);
  assert.ok(alone.data.stats.memory.peakBytes > 0);
  assert.ok(alone.data.stats.timings.execTotalTime > 0);
});

test('heavy queries of one client wait in its own line, and keep no other out', async (t) => {
  const { url } = await serve(t, {
    data: join(scratch(t), 'data'), args: ['--query-concurrency', '2', '--query-queue', '4'] });
  const heavy = Array.from({ length: 8 }, () =>
    ask(url, 'query_range', { ...HEAVY, timeout: '4s' }, { 'X-Mamori-Client': 'heavy' }));
  await until('one runs and its line is full', async () =>
    await metric(url, 'mamori_queries_running') === 1 && await metric(url, 'mamori_queries_waiting') === 2);

  for (let i = 0; i < 5; ++i) {
    const begin = Date.now();
    const cheap = await ask(url, 'query', { query: 'vector(1)' }, { 'X-Mamori-Client': 'cheap' });
    assert.equal(cheap.status, 'success');
    assert.ok(Date.now() - begin < 2000, 'a cheap query waits for no heavy one of another client');
  }
  const answers = await Promise.all(heavy);
  assert.ok(answers.every((answer) => answer.status === 'error'));
  assert.equal(answers.filter((answer) => answer.errorType === 'unavailable' && /2 of this client wait/.test(answer.error)).length, 5);
  assert.ok(answers.some((answer) => /query timed out in expression evaluation/.test(answer.error)));
  assert.ok(answers.some((answer) => /query timed out in query queue/.test(answer.error)));
  assert.equal(await metric(url, 'mamori_queries_running'), 0);
});

test('nobody is worked for who has hung up', async (t) => {
  const { url } = await serve(t, { data: join(scratch(t), 'data'), args: ['--query-concurrency', '1'] });
  const hangUp = new AbortController();
  const heavy = Array.from({ length: 3 }, () => ask(url, 'query_range', HEAVY, {}, hangUp.signal).catch(() => {}));
  await until('one runs, two wait', async () =>
    await metric(url, 'mamori_queries_running') === 1 && await metric(url, 'mamori_queries_waiting') === 2);
  hangUp.abort();
  await Promise.all(heavy);
  await until('none runs or waits', async () =>
    await metric(url, 'mamori_queries_running') === 0 && await metric(url, 'mamori_queries_waiting') === 0, 5);
});

test('queries do not take the process over its memory limit', async (t) => {
  const limit = 128;
  const { url, child } = await serve(t, {
    data: join(scratch(t), 'data'), args: ['--memory-limit', `${limit}MiB`, '--query-max-memory', '1GiB'] });
  const peak = () => Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))[1]) / 1024;
  // 20 million numbers, more than once.
  const large = await Promise.all(Array.from({ length: 4 }, () =>
    ask(url, 'query', { query: 'sum_over_time(vector(1)[20000s:1ms])', time: 20_000 })));
  for (const answer of large) {
    assert.equal(answer.errorType, 'unavailable', JSON.stringify(answer).slice(0, 300));
    assert.match(answer.error, /uses nearly all of the 128MiB that --memory-limit gives it/);
  }
  assert.ok(peak() < limit, `the process reached ${peak()} MiB`);
  const small = await ask(url, 'query', { query: 'vector(1)' });
  assert.equal(small.status, 'success');
});
