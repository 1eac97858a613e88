// Builds ui/dist once for all CMake presets, then writes what embeds it in the program.
// Usage: node build.mjs [OUT]   OUT: a folder that gets *.gz, ui_assets.S (.incbin) and ui_assets_table.cc
// A stamp of the sources' contents decides whether npm has to run at all; times do not matter, so a fresh checkout with
// an old dist, or a second preset, costs nothing.
import { createHash } from 'node:crypto';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const ui = resolve(fileURLToPath(new URL('..', import.meta.url)));
const dist = join(ui, 'dist');
const distStamp = join(ui, 'node_modules', '.mamori-dist-stamp');
const modulesStamp = join(ui, 'node_modules', '.mamori-lock-stamp');

function filesBelow(folder) {
  return readdirSync(folder)
    .sort()
    .map((name) => join(folder, name))
    .flatMap((path) => (statSync(path).isDirectory() ? filesBelow(path) : [path]));
}

function hashOf(paths) {
  const hash = createHash('sha256');
  for (const path of paths) hash.update(relative(ui, path)).update('\0').update(readFileSync(path)).update('\0');
  return hash.digest('hex');
}

const read = (path) => (existsSync(path) ? readFileSync(path, 'utf8') : '');

function run(command, args) {
  const result = spawnSync(command, args, { cwd: ui, stdio: 'inherit' });
  if (result.error?.code === 'ENOENT') fail(`${command} is missing. Install it: sudo apt-get install nodejs npm`);
  if (result.status !== 0) fail(`"${command} ${args.join(' ')}" failed in ui/ (exit ${result.status})`);
}

function fail(message) {
  console.error(`ui: ${message}`);
  process.exit(1);
}

function buildPage() {
  const lock = join(ui, 'package-lock.json');
  const sources = ['index.html', 'package.json', 'package-lock.json', 'tsconfig.json', 'vite.config.ts']
    .map((name) => join(ui, name))
    .concat(filesBelow(join(ui, 'public')), filesBelow(join(ui, 'src')).filter((path) => !/\.test\.tsx?$/.test(path)));
  const wanted = hashOf(sources);
  if (read(distStamp) === wanted && existsSync(join(dist, 'index.html'))) return;
  const lockHash = hashOf([lock]);
  if (read(modulesStamp) !== lockHash) {
    run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund']);
    writeFileSync(modulesStamp, lockHash);
  }
  run('npm', ['run', '--silent', 'build']);
  writeFileSync(distStamp, wanted);
}

const TYPES = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
  json: 'application/json',
  txt: 'text/plain; charset=utf-8',
};

function embed(out) {
  const folder = join(out, 'ui_assets');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const assets = filesBelow(dist).map((path, index) => {
    const name = relative(dist, path);
    const bytes = readFileSync(path);
    const packed = join(folder, `${index}.gz`);
    writeFileSync(packed, gzipSync(bytes, { level: 9 }));
    return {
      name,
      packed,
      symbol: `mamori_ui_asset_${index}`,
      type: TYPES[name.split('.').pop()] ?? 'application/octet-stream',
      etag: createHash('sha256').update(bytes).digest('hex').slice(0, 20),
      immutable: name.startsWith('assets/'), // Vite puts a hash of the content in these names
      bytes: bytes.length,
    };
  });
  const assembler = assets
    .map(({ symbol, packed }) => `.global ${symbol}\n.global ${symbol}_end\n.balign 16\n${symbol}:\n.incbin "${packed}"\n${symbol}_end:\n`)
    .join('');
  writeFileSync(
    join(out, 'ui_assets.S'),
    `/* Made by ui/scripts/build.mjs. */\n.section .rodata\n${assembler}.section .note.GNU-stack,"",%progbits\n`,
  );
  const externs = assets.map(({ symbol }) => `extern "C" const char ${symbol}[];\nextern "C" const char ${symbol}_end[];\n`).join('');
  const rows = assets
    .map(
      ({ name, symbol, type, etag, immutable, bytes }) =>
        `    {"${name}", "${type}", "\\"${etag}\\"", ${symbol}, ${symbol}_end, ${bytes}, ${immutable}},\n`,
    )
    .join('');
  writeFileSync(
    join(out, 'ui_assets_table.cc'),
    `// Made by ui/scripts/build.mjs.\n#include "console/detail/embedded.h"\n\n${externs}\nnamespace mamori::console::detail {\n\n` +
      `const EmbeddedFile kEmbedded[] = {\n${rows}};\nconst unsigned kEmbeddedCount = ${assets.length};\n\n}  // namespace mamori::console::detail\n`,
  );
}

buildPage();
if (process.argv[2]) embed(resolve(process.argv[2]));
