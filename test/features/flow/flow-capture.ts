/** A capture written as a script: one line a packet, `seconds from > to what [seq] [payload bytes]`. */

import type { ExtractOptions } from '../../../features/extractor.ts';
import { pcap } from '../../support/captures.ts';
import { Flag, tcp, udp } from '../../support/frames.ts';
import { extractRows, type Row } from '../../support/rows.ts';

const WHAT: Readonly<Record<string, number>> = {
  SYN: Flag.SYN,
  'SYN-ACK': Flag.SYN | Flag.ACK,
  ACK: Flag.ACK,
  FIN: Flag.FIN | Flag.ACK,
  RST: Flag.RST,
};
const NAMES: Readonly<Record<string, string>> = {
  client: '10.0.0.1:40000',
  server: '10.0.0.2:443',
  high: '10.0.0.3:5000',
  low: '10.0.0.4:80',
};

export function script(text: string): Uint8Array {
  const lines = text.trim().split('\n');
  return pcap(
    lines.map((line) => {
      const [at, from, , to, what, seq = '0', payload = '0'] = line.trim().split(/\s+/) as [
        string,
        string,
        string,
        string,
        string,
      ];
      const ends = { from: NAMES[from] ?? from, to: NAMES[to] ?? to };
      const bytes = new Uint8Array(Number(payload)).fill(0x2e);
      const frame =
        what === 'UDP'
          ? udp(ends.from, ends.to, bytes)
          : tcp({ ...ends, flags: WHAT[what]!, seq: Number(seq), payload: bytes });
      return { at: Number(at), bytes: frame };
    }),
  );
}

export function rowsOfScript(text: string, options: ExtractOptions = {}): Row[] {
  return extractRows(script(text), options).rows;
}

/** `forward packets/backward packets end reason` of each row. */
export function shapes(rows: readonly Row[]): string[] {
  return rows.map((row) => `${row['fwd_packets']}/${row['bwd_packets']} ${row['end_reason']}`);
}
