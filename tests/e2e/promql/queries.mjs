// Random PromQL that is grammatical, well typed and mostly has an answer, as trees that can be shrunk.
// Left out is what Prometheus 2 and 3 answer differently (docs/promql.md): rates of what comes near zero, standard
// deviations and regressions over what may be infinite, topk among equals, predict_linear under @, dates of odd numbers,
// the sign of a sum that is zero.
// What always holds: all lengths are whole seconds, but for those of subqueries, which end in half a second.

/** A node: `print(texts of the children)` gives its text; `simpler()` gives nodes to try instead. `wild`: may be infinite
 * or very large. */
function node(type, children, print, { wild = children.some((child) => child.wild), simpler = () => [] } = {}) {
  return { type, children, print, wild, simpler };
}

export const text = (tree) => tree.print(...tree.children.map(text));

function descendants(tree) {
  return tree.children.flatMap((child) => [child, ...descendants(child)]);
}

/** Trees a step simpler than this one, of its type. */
export function simplerTrees(tree) {
  const list = descendants(tree).filter((other) => other.type === tree.type);
  list.push(...tree.simpler());
  tree.children.forEach((child, i) => {
    for (const other of simplerTrees(child)) {
      const children = tree.children.slice();
      children[i] = other;
      list.push({ ...tree, children });
    }
  });
  return list;
}

const METRICS = {
  requests_total: { labels: ['job', 'instance', 'code'], counter: true },
  latency_bucket: { labels: ['job', 'le'], counter: true },
  latency_sum: { labels: ['job'], counter: true },
  latency_count: { labels: ['job'], counter: true },
  temperature: { labels: ['job', 'instance', 'zone'] },
  humidity: { labels: ['job', 'instance'] },
  odd: { labels: ['job', 'instance'], wild: true },
  build_info: { labels: ['job', 'instance', 'version'], ties: true },
  job_limit: { labels: ['job'] },
};
const VALUES = {
  job: ['api', 'db', 'none'],
  instance: ['a:1', 'b:1', 'c:2'],
  code: ['200', '500'],
  zone: ['east', 'west'],
  version: ['1.0', '1.1'],
  le: ['0.1', '1', '5', '+Inf'],
};
const names = (allowed) => Object.keys(METRICS).filter((name) => allowed(METRICS[name]));
const PER_INSTANCE = ['temperature', 'humidity', 'odd', 'build_info'];

export function generator(rand, { start, seconds }) {
  const length = () => rand.pick(['30s', '1m', '90s', '2m', '3m', '5m', '10m', '17m']);
  const small = () => String(rand.pick([0, 1, 2, 3, -1, 0.5, 10, 100, -7.5, 42]));

  function modifiers() {
    let out = '';
    if (rand.chance(0.12)) out += ` @ ${rand.pick([`${start + rand.int(0, seconds)}`, `${start + rand.int(0, seconds)}.000`, 'start()', 'end()'])}`;
    if (rand.chance(0.15)) out += ` offset ${rand.pick(['1m', '5m', '-2m', '30s', '10m'])}`;
    return out;
  }

  function matcher(label) {
    const value = rand.pick(VALUES[label]);
    return rand.pick([
      () => `${label}="${value}"`,
      () => `${label}="${value}"`,
      () => `${label}!="${value}"`,
      () => `${label}=~"${value.slice(0, 1).replace('+', '[+]')}.*|x"`,
      () => `${label}!~"${value.replace('+', '[+]')}|q.?"`,
      () => `${label}=~".+"`,
    ])();
  }

  /** A selector, with a range if one is given. */
  function selector({ allowed = () => true, name = rand.pick(names(allowed)), range = '', plain = false } = {}) {
    const metric = METRICS[name];
    const matchers = plain ? [] : metric.labels.filter(() => rand.chance(0.2)).map(matcher);
    const make = (shown, tail) => node(range ? 'matrix' : 'vector', [], () => `${name}${shown.length ? `{${shown.join(',')}}` : ''}${range ? `[${range}]` : ''}${tail}`, {
      wild: Boolean(metric.wild),
      simpler: () => [
        ...shown.map((_, i) => make(shown.filter((_, k) => k !== i), tail)),
        ...(tail ? [make(shown, '')] : []),
      ],
    });
    return make(matchers, plain ? '' : modifiers());
  }

  const subquery = (inner, length_ = `${rand.pick([1, 2, 5, 9])}m500ms`) => {
    const step = rand.pick(['', '15s', '30s', '1m', '7s']);
    const make = (tail) => node('matrix', [inner], (a) => `${a}[${length_}:${step}]${tail}`, { simpler: () => (tail ? [make('')] : []) });
    return make(modifiers());
  };
  const parenthesized = (tree) => node(tree.type, [tree], (a) => `(${a})`);

  function matrix(depth, allowed = () => true) {
    if (depth > 0 && rand.chance(0.25)) {
      const inner = vector(depth - 1);
      return subquery(inner.children.length ? parenthesized(inner) : inner);
    }
    return selector({ allowed, range: length() });
  }
  const tame = (make, fallback) => {
    for (let i = 0; i < 5; i += 1) {
      const tree = make();
      if (!tree.wild) return tree;
    }
    return fallback();
  };
  const tameVector = (depth) => tame(() => vector(depth), () => selector({ name: 'temperature' }));
  const tameMatrix = (depth) => tame(() => matrix(depth), () => selector({ name: 'temperature', range: length() }));
  const call = (name, children, options) => node('vector', children, (...texts) => `${name}(${texts.join(', ')})`, options);
  /** Prometheus' timestamp() forgets the offset beside an @, and a variance of times has few digits. */
  const newest = () => {
    for (;;) {
      const tree = selector();
      if (!(text(tree).includes('@') && text(tree).includes('offset'))) return tree;
    }
  };
  const number = (value = small()) => node('scalar', [], () => value);
  const quoted = (value) => node('string', [], () => JSON.stringify(value));

  function scalar(depth) {
    if (depth <= 0 || rand.chance(0.5)) return number();
    return rand.pick([
      () => node('scalar', [vector(depth - 1)], (a) => `scalar(${a})`, { wild: true }),
      () => node('scalar', [], () => 'time()'),
      () => node('scalar', [], () => 'pi()'),
      () => binaryScalar(depth),
      () => node('scalar', [scalar(depth - 1)], (a) => `-(${a})`),
    ])();
  }
  const binaryScalar = (depth) => {
    const op = rand.pick(['+', '-', '*', '/', '%', '^', 'atan2', '== bool', '> bool', '<= bool']);
    return node('scalar', [scalar(depth - 1), scalar(depth - 1)], (a, b) => `(${a} ${op} ${b})`, { wild: true });
  };

  function rangeFunction(depth) {
    return rand.pick([
      () => call(rand.pick(['rate', 'increase', 'rate', 'irate']), [selector({ allowed: (m) => m.counter, range: length() })]),
      () => call(rand.pick(['rate', 'increase']), [subquery(selector({ allowed: (m) => m.counter, plain: true }))]),
      () => call(rand.pick(['delta', 'idelta', 'irate', 'changes', 'resets', 'count_over_time', 'last_over_time', 'present_over_time',
        'min_over_time', 'max_over_time', 'sum_over_time', 'avg_over_time', 'absent_over_time']), [matrix(depth - 1)]),
      () => call(rand.pick(['stddev_over_time', 'stdvar_over_time', 'deriv']), [tameMatrix(depth - 1)]),
      () => call('quantile_over_time', [number(rand.pick(['0', '0.5', '0.9', '1', '-1', '2'])), matrix(depth - 1)], { wild: true }),
      () => call('predict_linear', [selector({ name: rand.pick(['temperature', 'humidity', 'job_limit']), range: length(), plain: true }), number(rand.pick(['60', '3600', '-30']))]),
    ])();
  }

  function simpleFunction(depth) {
    return rand.pick([
      () => call(rand.pick(['abs', 'ceil', 'floor', 'sgn', 'sin', 'cos', 'tan', 'asin', 'acos', 'atan', 'asinh', 'acosh', 'atanh', 'tanh', 'deg', 'rad',
        'sqrt', 'ln', 'log2', 'log10', 'exp', 'sinh', 'cosh']), [vector(depth - 1)], { wild: true }),
      () => call('clamp', [vector(depth - 1), number(), number()]),
      () => call(rand.pick(['clamp_min', 'clamp_max']), [vector(depth - 1), scalar(depth - 1)]),
      () => call('round', [vector(depth - 1)]),
      () => call('round', [vector(depth - 1), number(rand.pick(['0.1', '5', '0.25']))]),
      () => call(rand.pick(['sort', 'sort_desc']), [vector(depth - 1)]),
      () => call('absent', [vector(depth - 1)]),
      () => call('vector', [scalar(depth - 1)]),
      () => call('timestamp', [newest()], { wild: true }),
      () => call('timestamp', [parenthesized(call('abs', [vector(depth - 1)]))], { wild: true }),
      () => call(rand.pick(['hour', 'minute', 'month', 'year', 'day_of_month', 'day_of_week', 'day_of_year', 'days_in_month']),
        rand.chance(0.4) ? [] : [call('timestamp', [newest()])], { wild: true }),
      () => node('vector', [vector(depth - 1)], (a) => `-(${a})`),
      () => call('label_replace', [vector(depth - 1), quoted(rand.pick(['new', 'job', 'instance'])), quoted(rand.pick(['$1', 'x-$1', '', 'c'])),
        quoted(rand.pick(['job', 'instance', 'nope'])), quoted(rand.pick(['(.*)', '(a).*', '(.):(\\d)', 'x']))]),
      () => call('label_join', [vector(depth - 1), quoted(rand.pick(['new', 'zone'])), quoted('/'), quoted('job'), quoted('instance')]),
      () => call('histogram_quantile', [number(rand.pick(['0.5', '0.9', '0.99', '1', '0', '-1', '1.5', 'NaN'])), rand.pick([
        () => selector({ name: 'latency_bucket' }),
        () => call('rate', [selector({ name: 'latency_bucket', range: length() })]),
        () => aggregate('sum', call('rate', [selector({ name: 'latency_bucket', range: length() })]), ' by (le)'),
        () => aggregate('sum', call('rate', [selector({ name: 'latency_bucket', range: length() })]), ' by (le, job)'),
        () => selector(),
      ])()], { wild: true }),
    ])();
  }

  const groupings = ['', ' by (job)', ' by (instance)', ' by (job, instance)', ' without (instance)', ' without (job)', ' by (zone)', ' by ()', ' without ()', ' by (le)', ' by (nope)'];
  function aggregate(op, inner, grouping = rand.pick(groupings), parameter = undefined, options = {}) {
    const make = (by) => node('vector', parameter ? [parameter, inner] : [inner], (...texts) => `${op}${by}(${texts.join(', ')})`,
      { ...options, simpler: () => (by ? [make('')] : []) });
    return make(grouping);
  }
  function aggregation(depth) {
    return rand.pick([
      () => aggregate(rand.pick(['sum', 'avg', 'min', 'max', 'count', 'group', 'sum', 'avg']), vector(depth - 1)),
      () => aggregate(rand.pick(['stddev', 'stdvar']), tameVector(depth - 1)),
      () => aggregate('quantile', vector(depth - 1), undefined, number(rand.pick(['0', '0.5', '0.9', '1', '-1', '2'])), { wild: true }),
      () => aggregate('count_values', rand.pick([
        () => selector({ name: 'build_info' }), () => call('round', [selector({ name: 'job_limit' })])])(), undefined, quoted(rand.pick(['value', 'job']))),
      () => aggregate(rand.pick(['topk', 'bottomk']), rand.pick([
        () => selector({ name: 'temperature' }), () => selector({ name: 'humidity' }),
        () => call('rate', [selector({ name: 'requests_total', range: '5m' })]),
        () => call('avg_over_time', [selector({ name: 'temperature', range: '5m' })])])(), undefined, number(rand.pick(['1', '2', '3', '0', '100']))),
    ])();
  }

  function operation(depth) {
    const arithmetic = ['+', '-', '*', '/', '%', '^']; // atan2 keeps the metric's name in Prometheus 2
    const comparison = ['==', '!=', '>', '<', '>=', '<='];
    const op = () => (rand.chance(0.6) ? rand.pick(arithmetic) : rand.pick(comparison) + (rand.chance(0.4) ? ' bool' : ''));
    const infix = (left, right, middle, type = 'vector') => node(type, [left, right], (a, b) => `(${a}) ${middle} (${b})`, { wild: true });
    return rand.pick([
      () => infix(vector(depth - 1), scalar(depth - 1), op()),
      () => infix(aggregate('sum', selector({ name: 'temperature' }), ' by (job)'), aggregate('avg', selector({ name: 'humidity' }), ' by (job)'), 'atan2'),
      () => infix(scalar(depth - 1), vector(depth - 1), op()),
      () => infix(vector(depth - 1), vector(depth - 1), op()),
      () => { // both sides have the same labels
        const by = rand.pick([' by (job)', ' by (job, instance)', ' by (instance)']);
        const side = () => aggregate(rand.pick(['sum', 'avg', 'max', 'count']), vector(depth - 1), by);
        return infix(side(), side(), op());
      },
      () => infix(selector({ name: rand.pick(PER_INSTANCE) }), selector({ name: rand.pick(PER_INSTANCE) }),
        `${op()} ${rand.pick(['on (job, instance)', 'ignoring (zone, version)', 'on (instance)'])}`),
      () => infix(selector({ name: rand.pick(['requests_total', 'temperature', 'latency_bucket']) }), selector({ name: rand.pick(['job_limit', 'latency_count']) }),
        `${op()} ${rand.pick(['on (job) group_left ()', 'on (job) group_left ()', 'ignoring (instance, code, zone, le) group_left ()'])}`),
      () => infix(selector({ name: 'build_info' }), selector({ name: 'requests_total' }),
        `${op()} on (job, instance) group_right ${rand.pick(['()', '(version)', '(zone, version)'])}`),
      () => infix(vector(depth - 1), vector(depth - 1), `${rand.pick(['and', 'or', 'unless'])}${rand.pick(['', '', ' on (job)', ' ignoring (instance)', ' on ()'])}`),
    ])();
  }

  function vector(depth) {
    if (depth <= 0) return selector();
    return rand.pick([selector, rangeFunction, rangeFunction, simpleFunction, aggregation, aggregation, operation, operation])(depth);
  }

  return {
    /** {tree, instant: time} or {tree, start, end, step}; seconds. */
    query() {
      const kind = rand.next();
      const depth = rand.int(1, 4);
      const tree = kind < 0.06 ? (rand.chance(0.5) ? binaryScalar(2) : scalar(2)) : kind < 0.1 ? matrix(2) : kind < 0.11 ? quoted('text') : vector(depth);
      const at = start + rand.int(60, seconds + 400);
      if (tree.type === 'matrix' || tree.type === 'string' || rand.chance(0.4)) return { tree, instant: at };
      const step = rand.pick([1, 15, 30, 60, 77, 300]);
      const from = start + rand.int(-200, seconds);
      return { tree, start: from, end: from + step * rand.int(0, 40), step };
    },
  };
}
