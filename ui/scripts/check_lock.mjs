// Checks a package-lock.json: every package admits Debian 12's Node, none is fetched from anywhere but the public npm
// registry, and each has an integrity hash. Usage: node check_lock.mjs FILE…
import { readFileSync } from 'node:fs';

const NODE = [18, 13, 0]; // the oldest that Debian 12 shipped
const REGISTRY = 'https://registry.npmjs.org/';

const parts = (version) => {
  const numbers = version.split('-')[0].split('.').map((part) => (/^\d+$/.test(part) ? Number(part) : 0));
  return [numbers[0] ?? 0, numbers[1] ?? 0, numbers[2] ?? 0];
};
const compare = (a, b) => a[0] - b[0] || a[1] - b[1] || a[2] - b[2];

function comparatorAdmits(comparator, node) {
  const match = /^(>=|<=|>|<|\^|~|=)?v?(\d+(?:\.[\dx*]+){0,2}.*)$/.exec(comparator);
  if (!match) return comparator === '*' || comparator === '';
  const wanted = parts(match[2]);
  const order = compare(node, wanted);
  switch (match[1]) {
    case '>=':
      return order >= 0;
    case '<=':
      return order <= 0;
    case '>':
      return order > 0;
    case '<':
      return order < 0;
    case '^':
      return order >= 0 && node[0] === wanted[0];
    case '~':
      return order >= 0 && node[0] === wanted[0] && node[1] === wanted[1];
    default: // "18", "18.x", "18.1": equal as far as it is spelled out
      return match[2].split('.').every((part, i) => /^[x*]$/.test(part) || Number(part) === node[i]);
  }
}

export function admits(range, node = NODE) {
  return range
    .replace(/(>=|<=|>|<|\^|~|=)\s+/g, '$1')
    .split('||')
    .some((alternative) => alternative.trim().split(/\s+/).every((comparator) => comparatorAdmits(comparator, node)));
}

function check(file) {
  const lock = JSON.parse(readFileSync(file, 'utf8'));
  const problems = [];
  if (lock.lockfileVersion !== 3) problems.push(`lockfileVersion is ${lock.lockfileVersion}, not 3`);
  for (const [path, entry] of Object.entries(lock.packages)) {
    const name = path || '(the project)';
    const node = entry.engines?.node;
    if (node && !admits(node)) problems.push(`${name}@${entry.version} wants Node ${node}, Debian 12 has ${NODE.join('.')}`);
    if (entry.resolved && !entry.resolved.startsWith(REGISTRY)) problems.push(`${name} comes from ${entry.resolved}`);
    if (path && !entry.link && !entry.integrity) problems.push(`${name} has no integrity hash`);
  }
  for (const problem of problems) console.error(`${file}: ${problem}`);
  if (problems.length === 0) console.log(`${file}: ${Object.keys(lock.packages).length} entries, all admit Node ${NODE.join('.')}`);
  return problems.length;
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  const files = process.argv.slice(2);
  if (files.length === 0) {
    console.error('usage: node check_lock.mjs FILE…');
    process.exit(2);
  }
  process.exit(files.map(check).some((count) => count > 0) ? 1 : 0);
}
