// What was acknowledged survives kill -9.
import assert from "node:assert/strict";
import test from "node:test";
import { bulk, startMamori, temporaryFolder, until } from "./mamori.mjs";

const rounds = process.env.MAMORI_LONG ? 50 : 3;
const writers = 8;
const linesPerRequest = 10;

/** One client that sends requests, one after the other, until its server is gone; returns the ids acknowledged. */
async function write(url, prefix, acknowledged) {
  for (let request = 0; ; ++request) {
    const ids = Array.from({ length: linesPerRequest }, (_, i) => `${prefix}_${request}_${i}`);
    try {
      const reply = await bulk(
        url,
        ids.flatMap((id) => [{ create: { _index: "payment_logs" } }, { payment_id: id, status: "succeeded" }]),
      );
      assert.equal(reply.errors, false);
    } catch (error) {
      if (error instanceof assert.AssertionError) throw error;
      return; // killed in the middle: nothing was promised
    }
    for (const id of ids) acknowledged.add(id);
  }
}

test("every acknowledged line is there after kill -9", async (t) => {
  const data = temporaryFolder(t);
  for (let round = 0; round < rounds; ++round) {
    const mamori = await startMamori(t, data);
    const acknowledged = new Set();
    const clients = Array.from({ length: writers }, (_, w) => write(mamori.url, `r${round}w${w}`, acknowledged));
    await until("enough lines are acknowledged", () => acknowledged.size >= 1000);
    await mamori.kill();
    await Promise.all(clients);

    const again = await startMamori(t, data);
    const found = new Map();
    for (const { line } of await again.query(`payment_id:r${round}w*`)) {
      found.set(line.payment_id, (found.get(line.payment_id) ?? 0) + 1);
    }
    const lost = [...acknowledged].filter((id) => !found.has(id));
    const twice = [...found].filter(([, times]) => times !== 1);
    assert.deepEqual(lost, [], `${lost.length} of ${acknowledged.size} acknowledged lines are lost`);
    assert.deepEqual(twice, []);
    t.diagnostic(`round ${round + 1}: ${acknowledged.size} acknowledged, none lost`);
    await again.stop();
  }
});
