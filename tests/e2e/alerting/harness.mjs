// A mamori of one's own on a free port, and a receiver that remembers what it was sent.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import http from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

const program = process.env.MAMORI ?? new URL("../../../build/release/mamori", import.meta.url).pathname;

/// Asks again until `probe` gives something true; an Error with `what` after `seconds`.
export async function until(what, probe, seconds = 20) {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const answer = await probe();
    if (answer) return answer;
    if (Date.now() > deadline) throw new Error(`not within ${seconds} s: ${what}`);
    await pause(20);
  }
}

/// An Alertmanager-webhook receiver. `received`: {body, at (ms since 1970), path}.
export class Receiver {
  received = [];
  status = 200;

  async listen(port = 0) {
    this.server = http.createServer((request, response) => {
      const chunks = [];
      request.on("data", (chunk) => chunks.push(chunk));
      request.on("end", () => {
        const at = Date.now();
        if (this.status === 200) {
          this.received.push({ at, path: request.url, body: JSON.parse(Buffer.concat(chunks).toString()) });
        }
        response.writeHead(this.status).end();
      });
    });
    this.server.listen(port, "127.0.0.1");
    await once(this.server, "listening");
    this.port = this.server.address().port;
    return this;
  }

  url(path = "/hook") {
    return `http://127.0.0.1:${this.port}${path}`;
  }

  of(alertname, status) {
    return this.received.filter(
      ({ body }) => body.status === status && body.alerts.some((alert) => alert.labels.alertname === alertname),
    );
  }

  async close() {
    if (!this.server.listening) return;
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, "close");
  }
}

export class Mamori {
  static async make(spec) {
    const mamori = new Mamori();
    mamori.dir = await mkdtemp(join(tmpdir(), "mamori-e2e-alerting-"));
    mamori.config = join(mamori.dir, "spec.yaml");
    await writeFile(mamori.config, spec);
    return mamori;
  }

  async start() {
    this.log = "";
    const args = ["serve", "--config", this.config, "--data", join(this.dir, "data"), "--listen", "127.0.0.1:0"];
    this.process = spawn(program, args, { stdio: ["ignore", "ignore", "pipe"] });
    this.process.stderr.on("data", (chunk) => (this.log += chunk));
    this.ended = once(this.process, "exit");
    const address = await until("mamori listens", () => {
      if (this.process.exitCode !== null) throw new Error(`mamori ended at once:\n${this.log}`);
      return /msg="?listening"? address=(\S+)/.exec(this.log)?.[1];
    });
    this.base = `http://${address}`;
    await until("mamori is ready", async () => (await fetch(`${this.base}/-/ready`)).ok);
    return this;
  }

  async end(signal) {
    if (!this.process || this.process.exitCode !== null || this.process.signalCode !== null) return;
    this.process.kill(signal);
    await this.ended;
  }

  async remove() {
    await this.end("SIGKILL");
    await rm(this.dir, { recursive: true, force: true });
  }

  /// POSTs documents to one stream; the time at which the request was begun.
  async send(stream, documents) {
    const begun = Date.now();
    const body = documents.map((document) => `{"create":{"_index":"${stream}"}}\n${JSON.stringify(document)}\n`).join("");
    const reply = await fetch(`${this.base}/_bulk`, {
      method: "POST",
      headers: { "Content-Type": "application/x-ndjson" },
      body,
    });
    const answer = await reply.json();
    if (!reply.ok || answer.errors) throw new Error(`_bulk: ${reply.status} ${JSON.stringify(answer).slice(0, 500)}`);
    return begun;
  }

  async overview() {
    return (await fetch(`${this.base}/api/mamori/v1/overview`)).json();
  }

  async firing(alertname) {
    return (await this.overview()).alerts.find((alert) => alert.name === alertname && alert.state === "firing");
  }

  async indicator(name) {
    return (await this.overview()).indicators.find((indicator) => indicator.name === name);
  }

  /// Waits until the judge has looked at the windows for `seconds` more: its own metric of lines is no clock, so the
  /// overview's time is taken.
  async judgedFor(seconds) {
    const begin = Date.parse((await this.overview()).now);
    await until(`${seconds} s of judging`, async () => Date.parse((await this.overview()).now) >= begin + seconds * 1000, seconds + 20);
  }
}

let nextPayment = 0;

/// A payment line of this moment.
export function payment(status, more = {}) {
  nextPayment += 1;
  return {
    "@timestamp": new Date().toISOString(),
    payment_id: `pay_${process.pid}_${nextPayment}`,
    status,
    amount: 4200,
    currency: "JPY",
    payment_method: "card",
    processing_time: 240,
    ...more,
  };
}

export const many = (count, make) => Array.from({ length: count }, make);
