// What a kill -9 of the demo leaves behind: nothing that runs.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Demo, runs, until } from './demo_process.mjs';

let demo;
before(() => (demo = new Demo(['--history', '0'])));
after(() => demo.dispose());

test('nothing that it started outlives a demo that is killed', async () => {
  await until('"Ready" in the output', 30, () => /Ready after/.test(demo.output));
  const pids = Object.values(demo.pids());
  assert.equal(pids.length, 7);
  demo.process.kill('SIGKILL');
  await demo.ended;
  await until('end of all processes', 15, () => !pids.some(runs));
  const status = demo.command('status');
  assert.equal(status.status, 2);
  assert.match(status.stderr, /no demo runs in/);
});
