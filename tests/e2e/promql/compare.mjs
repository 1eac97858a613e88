// Compares two answers of Prometheus' API: results within a tolerance, errors by their type and words.

const key = (metric) => JSON.stringify(Object.entries(metric).sort(([a], [b]) => (a < b ? -1 : 1)));
const RELATIVE = 1e-9;

export function close(a, b) {
  if (a === b) return true;
  const x = Number(a.replace('+Inf', 'Infinity').replace('-Inf', '-Infinity'));
  const y = Number(b.replace('+Inf', 'Infinity').replace('-Inf', '-Infinity'));
  if (Number.isNaN(x) || Number.isNaN(y)) return Number.isNaN(x) && Number.isNaN(y);
  if (!Number.isFinite(x) || !Number.isFinite(y)) return x === y;
  // Differences of large numbers leave what their last bits make of it.
  return Math.abs(x - y) <= Math.max(RELATIVE * Math.max(Math.abs(x), Math.abs(y)), 1e-9);
}

/** An error's words without the series it names: which of several comes first is nobody's promise. */
function words(error) {
  if (/^(found duplicate series for the match group|multiple matches for labels)/.test(error)) return 'an ambiguous match';
  return error.replace(/\{[^{}]*\}/g, '{}');
}

function points(result, type) {
  if (type === 'scalar' || type === 'string') return new Map([['', [result]]]);
  return new Map(result.map((series) => [key(series.metric), series.values ?? [series.value]]));
}

/** '' when both say the same, else what differs first. `ordered`: the order of an instant vector counts. */
export function difference(expected, got, { ordered = false } = {}) {
  if (expected.status !== got.status) return `${expected.status} ${expected.error ?? ''} | ${got.status} ${got.error ?? ''}`;
  if (expected.status === 'error') {
    if (expected.errorType !== got.errorType) return `${expected.errorType} | ${got.errorType}: ${expected.error} | ${got.error}`;
    return words(expected.error) === words(got.error) ? '' : `${expected.error} | ${got.error}`;
  }
  const type = expected.data.resultType;
  if (type !== got.data.resultType) return `${type} | ${got.data.resultType}`;
  const a = points(expected.data.result, type), b = points(got.data.result, type);
  for (const name of new Set([...a.keys(), ...b.keys()])) {
    if (!a.has(name)) return `${name} is in ours only: ${JSON.stringify(b.get(name)).slice(0, 200)}`;
    if (!b.has(name)) return `${name} is missing in ours: ${JSON.stringify(a.get(name)).slice(0, 200)}`;
    const theirs = a.get(name), ours = b.get(name);
    for (let i = 0; i < Math.max(theirs.length, ours.length); i += 1) {
      if (theirs[i] === undefined || ours[i] === undefined || theirs[i][0] !== ours[i][0] || !close(theirs[i][1], ours[i][1]))
        return `${name} at ${theirs[i]?.[0] ?? ours[i][0]}: ${JSON.stringify(theirs[i])} | ${JSON.stringify(ours[i])}`;
    }
  }
  if (ordered && JSON.stringify([...a.keys()]) !== JSON.stringify([...b.keys()])) return `order: ${[...a.keys()]} | ${[...b.keys()]}`;
  for (const note of [...(got.warnings ?? []), ...(got.infos ?? [])]) {
    if (!/^(PromQL (warning|info): |\d+ more )/.test(note)) return `a note that is none of Prometheus': ${note}`;
  }
  return '';
}
