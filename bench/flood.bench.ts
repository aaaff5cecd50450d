/**
 * A SYN flood, every packet a flow of its own, made on the fly and piped to `flowlamp extract -`:
 * `node bench/run.mjs flood [--flows 10000000] [--max-flows 1000000] [--limit-mib 1536] [--hello 0]`. Fails if memory
 * goes beyond. With --hello each packet brings so many bytes of a TLS ClientHello that never ends.
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { pcap } from '../test/support/captures.ts';
import { Flag, tcp } from '../test/support/frames.ts';
import { feedExtract, mebibytes } from './extract-process.ts';

const { values } = parseArgs({
  options: {
    flows: { type: 'string', default: '10000000' },
    'max-flows': { type: 'string', default: '1000000' },
    'limit-mib': { type: 'string', default: '1536' },
    hello: { type: 'string', default: '0' },
  },
});
const flows = Number(values.flows);
const payload = unfinishedHello(Number(values.hello));

const FILE_HEADER = 24;
const RECORDS_PER_PIECE = 1024;
const START_SECONDS = 1_700_000_000;
/** A million SYNs a second, so that no flow is idle before the next million has come. */
const PER_SECOND = 1_000_000;

/** The start of a record of 16 KiB with a ClientHello of nearly as much. */
function unfinishedHello(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  bytes.set([0x16, 3, 1, 0x40, 0, 1, 0, 0x3f, 0xfc, 3, 3].slice(0, length));
  return bytes;
}

/** One SYN from each address of 10.0.0.0/8, then from the next port. */
function* flood(): Generator<Uint8Array> {
  const flags = payload.length === 0 ? Flag.SYN : Flag.PSH | Flag.ACK;
  const bytes = tcp({ from: '10.0.0.0:1024', to: '192.0.2.1:80', flags, payload });
  const one = pcap([{ at: START_SECONDS, bytes }]);
  yield one.subarray(0, FILE_HEADER);
  const record = one.subarray(FILE_HEADER);
  const [second, microsecond, address, port, sequence] = [0, 4, 16 + 14 + 12, 16 + 14 + 20, 16 + 14 + 24];
  const piece = new Uint8Array(RECORDS_PER_PIECE * record.length);
  for (let i = 0; i < RECORDS_PER_PIECE; i++) piece.set(record, i * record.length);
  const view = new DataView(piece.buffer);
  for (let flow = 0; flow < flows; ) {
    let at = 0;
    for (let i = 0; i < RECORDS_PER_PIECE && flow < flows; i++, flow++, at += record.length) {
      view.setUint32(at + second, START_SECONDS + Math.floor(flow / PER_SECOND), true);
      view.setUint32(at + microsecond, flow % PER_SECOND, true);
      view.setUint32(at + address, 0x0a00_0000 | (flow & 0x00ff_ffff));
      view.setUint16(at + port, 1024 + (flow >>> 24));
      view.setUint32(at + sequence, Math.imul(flow, 0x9e3779b1) >>> 0);
    }
    yield piece.subarray(0, at);
  }
}

const folder = mkdtempSync(join(tmpdir(), 'flowlamp-flood-'));
try {
  const path = join(folder, 'flood.arrow');
  const { seconds, peak, said } = await feedExtract(['--max-flows', values['max-flows'], '-o', path], flood());
  console.log(said.replaceAll(path, 'FILE'));
  console.log(
    `${flows} flows, --max-flows ${values['max-flows']}: peak ${mebibytes(peak)} of ${values['limit-mib']} MiB allowed, ` +
      `${Math.round(flows / seconds)} flows/s, ${seconds.toFixed(0)} s, ${mebibytes(statSync(path).size)} written`,
  );
  if (peak > Number(values['limit-mib']) * 2 ** 20) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
