// The same random samples and queries to Debian's Prometheus and to mamori: the answers must be the same.
//   MAMORI_SEED=N       another seed (it is printed)
//   MAMORI_LONG=1       ten minutes with a seed of the day, instead of 15 seconds
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { scratch, serve } from '../lib/mamori.mjs';
import { prometheus } from '../lib/prometheus.mjs';
import { random } from '../lib/random.mjs';
import { remoteWrite } from '../lib/remote_write.mjs';
import { difference } from './compare.mjs';
import { generator, simplerTrees, text } from './queries.mjs';
import { makeSeries, slices } from './series.mjs';

const long = process.env.MAMORI_LONG === '1';
const seed = Number(process.env.MAMORI_SEED ?? (long ? Date.now() % 1e9 : 1));
const budgetSeconds = Number(process.env.MAMORI_SECONDS ?? (long ? 600 : 15));
const queriesMax = process.env.MAMORI_SECONDS || long ? Infinity : 2_500;
const SECONDS = 40 * 60; // less than an hour: Prometheus takes nothing older than its newest sample by more
const SHOWN_MAX = 10;

async function ask(url, { tree, instant, start, end, step }) {
  const form = new URLSearchParams(instant === undefined ? { query: text(tree), start, end, step } : { query: text(tree), time: instant });
  const reply = await fetch(`${url}/api/v1/${instant === undefined ? 'query_range' : 'query'}`, {
    method: 'POST', body: form, signal: AbortSignal.timeout(30_000) });
  return reply.json();
}

test(`random queries have Prometheus' answers (seed ${seed})`, { timeout: (budgetSeconds + 120) * 1000 }, async (t) => {
  const rand = random(seed);
  const start = 1_750_000_000 + rand.int(0, 40_000_000); // the functions of dates see other dates with each seed
  const dir = scratch(t);
  const [theirs, ours] = await Promise.all([
    prometheus(t, dir, { args: ['--web.enable-remote-write-receiver', '--storage.tsdb.retention.time=30y'] }),
    serve(t, { data: join(dir, 'data'), args: ['--retention-metrics', '10000d'] }),
  ]);
  for (const slice of slices(makeSeries(rand, { start, seconds: SECONDS }), 240)) {
    await remoteWrite(theirs.url, slice);
    await remoteWrite(ours.url, slice);
  }

  const differs = async (query) => {
    const [expected, got] = await Promise.all([ask(theirs.url, query), ask(ours.url, query)]);
    const ordered = query.instant !== undefined && /^sort(_desc)?\((rate|increase|temperature|humidity|job_limit)/.test(text(query.tree));
    return difference(expected, got, { ordered });
  };
  /** The smallest query found that still differs. */
  const shrink = async (query) => {
    let smallest = query;
    for (let attempts = 300, better = true; better && attempts > 0;) {
      better = false;
      for (const tree of simplerTrees(smallest.tree)) {
        if (text(tree).length >= text(smallest.tree).length) continue;
        if ((attempts -= 1) < 0) break;
        if (await differs({ ...smallest, tree })) {
          smallest = { ...smallest, tree };
          better = true;
          break;
        }
      }
    }
    for (let time = query.start; query.instant === undefined && time <= query.end; time += query.step) {
      const instant = { tree: smallest.tree, instant: time };
      if (await differs(instant)) return instant;
    }
    return smallest;
  };

  const make = generator(rand, { start, seconds: SECONDS });
  const deadline = Date.now() + budgetSeconds * 1000;
  const found = new Map();
  let asked = 0, refused = 0, empty = 0;
  const worker = async () => {
    while (asked < queriesMax && Date.now() < deadline && found.size < SHOWN_MAX) {
      const query = make.query();
      asked += 1;
      const [expected, got] = await Promise.all([ask(theirs.url, query), ask(ours.url, query)]);
      if (expected.status === 'error') refused += 1;
      else if (expected.data.result.length === 0) empty += 1;
      if (!difference(expected, got) && !(await differs(query))) continue;
      const small = await shrink(query);
      const { tree, ...when } = small;
      found.set(text(tree), `${text(tree)}\n      ${JSON.stringify(when)}\n      ${await differs(small)}`);
    }
  };
  await Promise.all([worker(), worker(), worker()]);
  t.diagnostic(`seed ${seed}: ${asked} queries, ${refused} refused by both, ${empty} without a result`);
  assert.equal([...found.values()].join('\n    '), '', `answers differ (theirs | ours); again with MAMORI_SEED=${seed}`);
  assert.ok(asked > 200, `only ${asked} queries in ${budgetSeconds} s`);
});
