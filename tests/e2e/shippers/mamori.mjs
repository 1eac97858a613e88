// Starts the real program for a test, on a free port and in a folder of its own, and takes both away afterwards.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";

const program = process.env.MAMORI;
assert.ok(program, "MAMORI must name the program: MAMORI=build/release/mamori node --test tests/e2e/shippers/*.test.mjs");

export function temporaryFolder(t) {
  const folder = mkdtempSync(join(tmpdir(), "mamori-shippers-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Ends when the child has ended, or kills it after `ms`. */
export async function ended(child, ms = 15_000) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once("exit", resolve));
  const timer = setTimeout(() => child.kill("SIGKILL"), ms);
  await gone;
  clearTimeout(timer);
}

/** `mamori serve` on `data`; `port` 0 takes a free one. Resolves when it listens. */
export async function startMamori(t, data, { port = 0, args = [] } = {}) {
  const child = spawn(program, ["serve", "--data", data, "--listen", `127.0.0.1:${port}`, ...args], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  const log = [];
  const address = await new Promise((resolve, reject) => {
    createInterface({ input: child.stderr }).on("line", (line) => {
      log.push(line);
      const found = /msg="listening" address=(\S+)/.exec(line);
      if (found) resolve(found[1]);
    });
    child.once("exit", (code) => reject(new Error(`mamori ended with ${code}:\n${log.join("\n")}`)));
  });
  // Hooks run in the order they were added; what a test started last must end before its folder goes.
  t.after(async () => {
    child.kill("SIGTERM");
    await ended(child);
  });
  const url = `http://${address}`;
  return {
    url,
    port: Number(address.split(":").at(-1)),
    log,
    child,
    async stop() {
      child.kill("SIGTERM");
      await ended(child);
      assert.equal(child.exitCode, 0, log.join("\n"));
    },
    async kill() {
      child.kill("SIGKILL");
      await ended(child);
    },
    /** The stored lines that match, newest first. */
    async query(query, parameters = {}) {
      const search = new URLSearchParams({ query, start: "0", limit: "10000", ...parameters });
      const response = await fetch(`${url}/api/mamori/v1/logs/query?${search}`);
      const body = await response.text();
      assert.equal(response.status, 200, body);
      return JSON.parse(body).lines;
    },
  };
}

/** Calls `check` until it gives something true, for at most `ms`. */
export async function until(what, check, ms = 30_000) {
  const deadline = Date.now() + ms;
  for (;;) {
    const result = await check();
    if (result) return result;
    assert.ok(Date.now() < deadline, `gave up waiting: ${what}`);
    await sleep(50);
  }
}

/** Sends NDJSON; resolves to the parsed reply. */
export async function bulk(url, pairs) {
  const body = pairs.map((line) => JSON.stringify(line) + "\n").join("");
  const response = await fetch(`${url}/_bulk`, {
    method: "POST",
    headers: { "content-type": "application/x-ndjson" },
    body,
  });
  const text = await response.text();
  assert.equal(response.status, 200, text);
  return JSON.parse(text);
}
