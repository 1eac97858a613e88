// Sends samples as Prometheus' remote write 1.0: protobuf in a snappy block. No npm packages.

function varint(value) {
  const bytes = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  while (rest > 127n) {
    bytes.push(Number(rest & 127n) | 128);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Buffer.from(bytes);
}

const field = (number, bytes) => Buffer.concat([varint(number * 8 + 2), varint(bytes.length), bytes]);

/** Snappy's block format with literals only: right, though not small. */
function snappy(bytes) {
  const parts = [varint(bytes.length)];
  for (let at = 0; at < bytes.length; at += 65536) {
    const piece = bytes.subarray(at, at + 65536);
    parts.push(Buffer.from([61 << 2, (piece.length - 1) & 255, (piece.length - 1) >> 8]), piece);
  }
  return Buffer.concat(parts);
}

// JavaScript may change a NaN's payload; the staleness marker is one payload.
export const STALE = Symbol('stale');
const staleBytes = Buffer.from([0x02, 0, 0, 0, 0, 0, 0xf0, 0x7f]);

function sample([timeMs, value]) {
  const number = Buffer.alloc(8);
  if (value === STALE) staleBytes.copy(number);
  else number.writeDoubleLE(value);
  return Buffer.concat([Buffer.from([9]), number, Buffer.from([16]), varint(timeMs)]);
}

function timeSeries({ labels, samples }) {
  const pairs = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1));
  return Buffer.concat([
    ...pairs.map(([name, value]) => field(1, Buffer.concat([field(1, Buffer.from(name)), field(2, Buffer.from(value))]))),
    ...samples.map((one) => field(2, sample(one))),
  ]);
}

/** `series`: [{labels: {__name__, …}, samples: [[milliseconds, value or STALE], …]}, …]; throws if it is not taken. */
export async function remoteWrite(url, series) {
  const body = snappy(Buffer.concat(series.map((one) => field(1, timeSeries(one)))));
  const reply = await fetch(`${url}/api/v1/write`, {
    method: 'POST',
    headers: { 'Content-Encoding': 'snappy', 'Content-Type': 'application/x-protobuf', 'X-Prometheus-Remote-Write-Version': '0.1.0' },
    body,
    signal: AbortSignal.timeout(30_000),
  });
  if (!reply.ok) throw new Error(`${url} refused a remote write: ${reply.status} ${await reply.text()}`);
}
