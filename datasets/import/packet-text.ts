/**
 * One flow a file, one packet a line, as the QUIC set of UC Davis (Rezaei and Liu, 2019) has it:
 *
 *     1527993495.652867  0         1392  0        time of day, s; time in the flow, s; bytes; direction
 *     1527993495.684521  0.031654  1392  1
 */
import { basename, dirname } from 'node:path';
import { type Importer, type OurRow, SEQUENCE_COLUMNS, sequenceOf, timeOfUs } from './source.ts';

const LINE = /^\s*(\d+(?:\.\d+)?)\s+(\d+(?:\.\d+)?(?:e-?\d+)?)\s+(\d+)\s+([01])\s*$/i;

export const PACKET_TEXT: Importer = {
  name: 'ucdavis-quic',
  describes: 'a text file per flow with time, time in the flow, size and direction of each packet (UC Davis QUIC)',
  knows: () => false,
  fills: [
    ...['protocol', 'first_seen', 'last_seen', 'duration_us', 'label'],
    ...['fwd_payload_packets', 'bwd_payload_packets', 'fwd_payload_bytes', 'bwd_payload_bytes'],
    ...SEQUENCE_COLUMNS,
  ],
  row: () => ({}),
  notes: [
    'the side that sent the first packet is the initiator; addresses and ports are not in the source',
    'the label is the name of the folder, or the file up to its last -',
    'sizes are as the source has them, and all its packets count as carrying payload',
  ],
};

/** True if the text begins like one. */
export function isPacketText(text: string): boolean {
  return LINE.test(text.split('\n', 1)[0] ?? '');
}

/** @throws Error with the line that is none */
export function packetTextRow(path: string, text: string): OurRow {
  const times: number[] = [];
  const sizes: number[] = [];
  const directions: number[] = [];
  let start = 0;
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    const match = LINE.exec(line);
    if (match === null) throw new Error(`line ${index + 1} is no packet: ${line.slice(0, 40)}`);
    if (times.length === 0) start = Number(match[1]) * 1e6;
    times.push(Number(match[2]) * 1e6);
    sizes.push(Number(match[3]));
    directions.push(Number(match[4]));
  }
  const signs = directions.map((direction) => (direction === directions[0] ? 1 : -1));
  const sum = (sign: number) => sizes.reduce((total, size, i) => total + (signs[i] === sign ? size : 0), 0);
  const last = times.at(-1) ?? 0;
  return {
    protocol: 'udp',
    first_seen: timeOfUs(start),
    last_seen: timeOfUs(start + last),
    duration_us: last,
    fwd_payload_packets: signs.filter((sign) => sign > 0).length,
    bwd_payload_packets: signs.filter((sign) => sign < 0).length,
    fwd_payload_bytes: sum(1),
    bwd_payload_bytes: sum(-1),
    label: labelOf(path),
    ...sequenceOf(sizes, signs, times),
  };
}

/** `pretraining/Google Doc/Google Doc-423.txt`: the folder, as long as the file is called after it. */
function labelOf(path: string): string {
  const own = basename(path)
    .replace(/\.[a-z]+$/i, '')
    .replace(/[-_ ]?\d+$/, '');
  const folder = basename(dirname(path));
  return own.toLowerCase().startsWith(folder.toLowerCase()) || own === '' ? folder : own;
}
