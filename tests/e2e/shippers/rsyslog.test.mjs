// The real rsyslog with omelasticsearch, as a process of its own: no system service is touched.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { appendFileSync, mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import test from "node:test";
import { ended, startMamori, temporaryFolder, until } from "./mamori.mjs";

function startRsyslog(t, folder, port) {
  const work = join(folder, "rsyslog");
  mkdirSync(work);
  writeFileSync(join(folder, "payments.log"), "");
  const configuration = join(folder, "rsyslog.conf");
  writeFileSync(
    configuration,
    `global(workDirectory="${work}" maxMessageSize="64k")
module(load="imfile" mode="inotify")
module(load="omelasticsearch")
template(name="line" type="string" string="%msg%")
input(type="imfile" file="${folder}/payments.log" tag="payments:" ruleset="ship")
ruleset(name="ship") {
  # As docs/formats/payment-log.md has it.
  if $.omes!status != "" and $.omes!status != 429 then {
    stop
  }
  action(type="omelasticsearch" server="127.0.0.1" serverport="${port}" usehttps="off"
    searchIndex="payment_logs" searchType="" template="line" bulkmode="on" maxbytes="1m"
    retryfailures="on" retryruleset="ship" action.resumeRetryCount="-1" action.resumeInterval="1"
    queue.type="LinkedList" queue.size="20000" queue.dequeueBatchSize="200")
}
`,
  );
  const child = spawn("/usr/sbin/rsyslogd", ["-n", "-f", configuration, "-i", join(folder, "rsyslogd.pid")], {
    stdio: "ignore",
  });
  t.after(async () => {
    child.kill("SIGTERM");
    await ended(child);
  });
  return {
    child,
    write: (lines) => appendFileSync(join(folder, "payments.log"), lines.map((line) => JSON.stringify(line) + "\n").join("")),
  };
}

function payment(id, more = {}) {
  return { "@timestamp": new Date().toISOString(), payment_id: id, status: "succeeded", amount: 100, currency: "JPY", ...more };
}

test("rsyslog ships every line, also those written while mamori was down", async (t) => {
  const folder = temporaryFolder(t);
  const data = join(folder, "data");
  let mamori = await startMamori(t, data);
  const rsyslog = startRsyslog(t, folder, mamori.port);

  await t.test("lines arrive masked; a refused one neither blocks nor repeats", async () => {
    rsyslog.write(Array.from({ length: 500 }, (_, i) => payment(`first_${i}`, { memo: "4242-4242-4242-4242" })));
    rsyslog.write([payment("bad", { status: "unheard-of" })]);
    rsyslog.write([payment("last")]);
    await until("the last line arrives", async () => (await mamori.query("payment_id:last")).length === 1);
    const lines = await mamori.query("payment_id:first_*");
    assert.equal(lines.length, 500);
    assert.equal(new Set(lines.map(({ line }) => line.payment_id)).size, 500);
    assert.equal(lines[0].line.memo, "4242-42**-****-4242");
    assert.equal((await mamori.query("payment_id:bad")).length, 0);
  });

  await t.test("lines written during an outage arrive when it is over", async () => {
    await mamori.stop();
    rsyslog.write(Array.from({ length: 300 }, (_, i) => payment(`outage_${i}`)));
    mamori = await startMamori(t, data, { port: mamori.port });
    await until("all lines arrive", async () => (await mamori.query("payment_id:outage_*")).length >= 300);
    const lines = await mamori.query("payment_id:outage_*");
    assert.equal(new Set(lines.map(({ line }) => line.payment_id)).size, 300);
    assert.equal((await mamori.query("payment_id:first_*")).length, 500);
  });
});

/** Stands before mamori; the first `refusals` requests are answered as mamori answers when its disk is full. */
async function startFullDisk(t, target, refusals) {
  const seen = { refused: 0, passed: 0 };
  const server = createServer(async (request, response) => {
    const parts = [];
    for await (const part of request) parts.push(part);
    const body = Buffer.concat(parts);
    if (seen.refused < refusals) {
      ++seen.refused;
      const reason = "write 00000001.wal: No space left on device";
      const items = body
        .toString()
        .split("\n")
        .filter((line) => line.startsWith('{"index"'))
        .map(() => ({ index: { _index: "payment_logs", _id: "x", status: 429, error: { type: "es_rejected_execution_exception", reason } } }));
      response.writeHead(503, { "content-type": "application/json", "x-elastic-product": "Elasticsearch" });
      response.end(JSON.stringify({ took: 0, errors: true, items, error: { type: "unavailable_shards_exception", reason }, status: 503 }));
      return;
    }
    ++seen.passed;
    const answer = await fetch(target + request.url, { method: request.method, headers: { "content-type": request.headers["content-type"] }, body });
    response.writeHead(answer.status, { "content-type": answer.headers.get("content-type") });
    response.end(await answer.text());
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  return { port: server.address().port, seen };
}

test("rsyslog sends again what a full disk could not keep", async (t) => {
  const folder = temporaryFolder(t);
  const mamori = await startMamori(t, join(folder, "data"));
  const disk = await startFullDisk(t, mamori.url, 2);
  const rsyslog = startRsyslog(t, folder, disk.port);
  rsyslog.write(Array.from({ length: 50 }, (_, i) => payment(`kept_${i}`)));
  await until("all lines arrive", async () => (await mamori.query("payment_id:kept_*")).length >= 50);
  assert.equal(disk.seen.refused, 2);
  const lines = await mamori.query("payment_id:kept_*");
  assert.equal(lines.length, 50);
  assert.equal(new Set(lines.map(({ line }) => line.payment_id)).size, 50);
});
