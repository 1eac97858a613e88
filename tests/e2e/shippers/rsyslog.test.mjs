// The real rsyslog with omelasticsearch, as a process of its own: no system service is touched.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
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
if $programname == "rsyslogd" then {
  action(type="omfile" file="${folder}/rsyslogd.log")
  stop
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
    own: () => readFileSync(join(folder, "rsyslogd.log"), "utf8"),
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
