// Random series for a comparison of two servers: counters with resets, gauges, values that are no numbers, gaps with and
// without a staleness marker, classic histograms.
// What always holds: no sample stands at a whole or half second, so that a window whose borders are whole or half seconds
// has none on a border (Prometheus 2 takes its left border in, Prometheus 3 does not); a counter never comes near zero
// (the two extrapolate towards zero differently).
import { STALE } from '../lib/remote_write.mjs';

const JOBS = ['api', 'db'];
const INSTANCES = ['a:1', 'b:1', 'c:2'];
export const BOUNDS = ['0.1', '0.5', '1', '5', '+Inf'];

/** Sample times: about every `every` seconds. */
function times(rand, { start, seconds, every }) {
  const list = [];
  for (let second = rand.int(0, every); second < seconds; second += every) {
    const late = rand.chance(0.1) ? rand.int(1, 4) : 0;
    let ms = rand.int(1, 999);
    if (ms === 500) ms = 501;
    list.push((start + second + late) * 1000 + ms); // ascends: the latest is earlier than the next
  }
  return list;
}

/** Takes samples out, in runs; some runs begin with a staleness marker. */
function withGaps(rand, samples) {
  const kept = [];
  let gap = 0;
  for (const [time, value] of samples) {
    if (gap === 0 && rand.chance(0.015)) {
      gap = rand.int(1, 40);
      if (rand.chance(0.6)) kept.push([time, STALE]);
      continue;
    }
    if (gap > 0) gap -= 1;
    else kept.push([time, value]);
  }
  return kept;
}

function counter(rand, at) {
  let value = rand.int(20_000, 90_000);
  const step = rand.pick([1, 7.25, 40]);
  return at.map((time) => {
    // Not below 10,000, and at most half: see above.
    value = value > 24_000 && rand.chance(0.01) ? Math.max(10_000, value * rand.between(0.2, 0.5)) : value + rand.next() * step;
    return [time, value];
  });
}

function gauge(rand, at) {
  let value = rand.between(-50, 150);
  return at.map((time) => {
    value += rand.between(-5, 5);
    return [time, value];
  });
}

function odd(rand, at) {
  return gauge(rand, at).map(([time, value]) => [time, rand.chance(0.1) ? rand.pick([NaN, Infinity, -Infinity, 0]) : value]);
}

function histogram(rand, at) {
  const counts = BOUNDS.map(() => rand.int(20_000, 40_000));
  let sum = rand.int(20_000, 90_000);
  const rows = BOUNDS.map(() => []), sums = [], totals = [];
  for (const time of at) {
    counts.forEach((_, i) => (counts[i] += rand.chance(0.5) ? rand.int(0, 30) : 0));
    sum += rand.between(0, 50);
    let below = 0;
    counts.forEach((count, i) => rows[i].push([time, (below += count)]));
    sums.push([time, sum]);
    totals.push([time, below]);
  }
  return { rows, sums, totals };
}

/** [{labels, samples}]; the same for the same random numbers. `start` in whole seconds since 1970. */
export function makeSeries(rand, { start, seconds }) {
  const series = [];
  const add = (name, labels, samples) => series.push({ labels: { __name__: name, ...labels }, samples: withGaps(rand, samples) });
  for (const job of JOBS) {
    for (const instance of INSTANCES) {
      const at = () => times(rand, { start, seconds, every: rand.pick([10, 15, 15, 30]) });
      for (const code of ['200', '500']) add('requests_total', { job, instance, code }, counter(rand, at()));
      add('temperature', { job, instance, zone: rand.pick(['east', 'west']) }, gauge(rand, at()));
      add('humidity', { job, instance }, gauge(rand, at()));
      if (rand.chance(0.7)) add('odd', { job, instance }, odd(rand, at()));
      add('build_info', { job, instance, version: rand.pick(['1.0', '1.1']) }, at().map((time) => [time, 1]));
    }
    add('job_limit', { job }, gauge(rand, times(rand, { start, seconds, every: 15 })));
    const at = times(rand, { start, seconds, every: 15 });
    const { rows, sums, totals } = histogram(rand, at);
    rows.forEach((samples, i) => series.push({ labels: { __name__: 'latency_bucket', job, le: BOUNDS[i] }, samples }));
    series.push({ labels: { __name__: 'latency_sum', job }, samples: sums });
    series.push({ labels: { __name__: 'latency_count', job }, samples: totals });
  }
  return series;
}

/** The same series in slices of time, oldest first: some servers take nothing that is much older than what they have. */
export function slices(series, seconds) {
  const byTime = new Map();
  for (const { labels, samples } of series) {
    for (const sample of samples) {
      const key = Math.floor(sample[0] / 1000 / seconds);
      if (!byTime.has(key)) byTime.set(key, new Map());
      const slice = byTime.get(key);
      if (!slice.has(labels)) slice.set(labels, []);
      slice.get(labels).push(sample);
    }
  }
  return [...byTime.entries()].sort(([a], [b]) => a - b)
    .map(([, slice]) => [...slice.entries()].map(([labels, samples]) => ({ labels, samples })));
}
