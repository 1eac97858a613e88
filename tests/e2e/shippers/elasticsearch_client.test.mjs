// The official Elasticsearch client for Node, as a shop's own code would use it.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { Client } from "@elastic/elasticsearch";
import { startMamori, temporaryFolder } from "./mamori.mjs";

// With a spec, only the streams that it names are taken.
const spec = `log_analysis:
  payment_logs:
    pattern: "payment_*"
    retention_days: 400
  security_logs:
    pattern: "security_*"
    retention_days: 400
`;

for (const compression of [false, true]) {
  test(`the official client ships lines (compression ${compression ? "on" : "off"})`, async (t) => {
    const folder = temporaryFolder(t);
    writeFileSync(join(folder, "spec.yaml"), spec);
    const mamori = await startMamori(t, join(folder, "data"), { args: ["--config", join(folder, "spec.yaml")] });
    const client = new Client({ node: mamori.url, compression, maxRetries: 0 });
    t.after(() => client.close());

    await t.test("takes mamori for Elasticsearch", async () => {
      assert.equal(await client.ping(), true);
      const info = await client.info();
      assert.equal(info.tagline, "You Know, for Search");
      assert.equal((await client.cluster.health()).status, "green");
      assert.equal((await client.license.get()).license.status, "active");
    });

    await t.test("bulk: answers each item, masks cards, is searchable at once", async () => {
      const reply = await client.bulk({
        operations: [
          { create: { _index: "payment_logs", _id: "one" } },
          { "@timestamp": new Date().toISOString(), status: "succeeded", amount: 1200, currency: "JPY", memo: "card 4242 4242 4242 4242" },
          { index: { _index: "payment_logs" } },
          { status: "no such status" },
          { index: { _index: "nginx" } },
          { any: "thing" },
          { delete: { _index: "payment_logs", _id: "one" } },
        ],
      });
      assert.equal(reply.errors, true);
      assert.deepEqual(
        reply.items.map((item) => Object.values(item)[0].status),
        [201, 400, 400, 400],
      );
      assert.equal(reply.items[0].create._id, "one");
      assert.match(reply.items[1].index.error.reason, /^status: "no such status" is none of/);
      assert.match(reply.items[2].index.error.reason, /payment_\*, security_\*/);
      const lines = await mamori.query("amount:1200");
      assert.equal(lines.length, 1);
      assert.equal(lines[0].line.memo, "card 4242 42** **** 4242");
    });

    await t.test("the bulk helper drops what is refused and ships the rest", async () => {
      const documents = Array.from({ length: 2000 }, (_, i) => ({
        "@timestamp": new Date(Date.now() - i).toISOString(),
        payment_id: `helper_${i}`,
        status: i % 500 === 7 ? "unheard-of" : "succeeded",
        user_agent: "x".repeat(200),
      }));
      const dropped = [];
      const result = await client.helpers.bulk({
        datasource: documents,
        onDocument: () => ({ create: { _index: "payment_logs" } }),
        onDrop: (drop) => dropped.push(drop.error.reason),
        flushBytes: 50_000,
        concurrency: 4,
        retries: 0,
      });
      assert.equal(result.successful, 1996);
      assert.equal(result.failed, 4);
      assert.equal(dropped.length, 4);
      assert.match(dropped[0], /^status: /);
      assert.equal((await mamori.query("payment_id:helper_*")).length, 1996);
    });

    await t.test("index, refresh and templates", async () => {
      const indexed = await client.index({ index: "security_access", document: { request_path: "/login", response_code: 401 } });
      assert.equal(indexed.result, "created");
      await client.indices.refresh({ index: "security_*" });
      assert.equal((await mamori.query("response_code:401")).length, 1);
      assert.equal(await client.indices.existsIndexTemplate({ name: "payments" }), false);
      assert.equal((await client.indices.putIndexTemplate({ name: "payments", index_patterns: ["payment_*"] })).acknowledged, true);
      await assert.rejects(client.index({ index: "other", document: {} }), { statusCode: 400 });
    });
  });
}

test("a body beyond the bound is answered 413 and stores nothing", async (t) => {
  const mamori = await startMamori(t, temporaryFolder(t), { args: ["--body-bytes-max", "20000"] });
  for (const compression of [false, true]) {
    const client = new Client({ node: mamori.url, compression, maxRetries: 0 });
    t.after(() => client.close());
    const operations = [{ create: { _index: "payment_logs" } }, { memo: "x".repeat(30_000) }];
    await assert.rejects(client.bulk({ operations }), { statusCode: 413 });
  }
  assert.equal((await mamori.query("*")).length, 0);
});
