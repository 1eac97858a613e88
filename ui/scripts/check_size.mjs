// The first load (all JS and CSS that index.html pulls in) must stay small: a page on a phone during an incident.
import { readFileSync, readdirSync, existsSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const LIMIT_KIB = 60;
const assets = new URL('../dist/assets/', import.meta.url);

if (!existsSync(assets)) {
  console.error('ui/dist is missing: run `npm run build` first');
  process.exit(2);
}
let total = 0;
for (const name of readdirSync(assets).filter((file) => /\.(js|css)$/.test(file))) {
  const bytes = gzipSync(readFileSync(new URL(name, assets)), { level: 9 }).length;
  total += bytes;
  console.log(`${(bytes / 1024).toFixed(1).padStart(7)} KiB gzip  ${name}`);
}
console.log(`${(total / 1024).toFixed(1).padStart(7)} KiB gzip  in all, limit ${LIMIT_KIB}`);
if (total > LIMIT_KIB * 1024) {
  console.error('too large: split something off, or leave it out');
  process.exit(1);
}
