/** Ethernet frames with IP, TCP and UDP inside, for tests. Checksums are left 0: nothing here reads them. */
import { concat, fields } from './bytes.ts';

export const Flag = { FIN: 1, SYN: 2, RST: 4, PSH: 8, ACK: 16 } as const;

export interface Segment {
  readonly from: string;
  readonly to: string;
  readonly flags?: number;
  readonly seq?: number;
  readonly ack?: number;
  readonly payload?: Uint8Array;
}

/** `10.0.0.1:443` or `[2001:db8::1]:443` as address bytes and port. */
export function endpoint(text: string): { readonly address: Uint8Array; readonly port: number } {
  const at = text.lastIndexOf(':');
  const port = Number(text.slice(at + 1));
  const host = text.slice(0, at);
  if (!host.startsWith('[')) return { address: Uint8Array.from(host.split('.'), Number), port };
  const [head = '', tail = ''] = host.slice(1, -1).split('::');
  const words = (part: string) => (part === '' ? [] : part.split(':').map((word) => Number.parseInt(word, 16)));
  const front = words(head);
  const back = words(tail);
  const all = [...front, ...new Array<number>(8 - front.length - back.length).fill(0), ...back];
  return { address: Uint8Array.from(all.flatMap((word) => [word >> 8, word & 255])), port };
}

export function tcp(segment: Segment): Uint8Array {
  const payload = segment.payload ?? new Uint8Array(0);
  const from = endpoint(segment.from);
  const to = endpoint(segment.to);
  const header = fields(
    false,
    [from.port, 2],
    [to.port, 2],
    [segment.seq ?? 0, 4],
    [segment.ack ?? 0, 4],
    [0x50, 1],
    [segment.flags ?? Flag.ACK, 1],
    [65535, 2],
    [0, 4],
  );
  return ethernet(ip(6, from.address, to.address, concat(header, payload)));
}

export function udp(from: string, to: string, payload: Uint8Array): Uint8Array {
  const source = endpoint(from);
  const target = endpoint(to);
  const header = fields(false, [source.port, 2], [target.port, 2], [8 + payload.length, 2], [0, 2]);
  return ethernet(ip(17, source.address, target.address, concat(header, payload)));
}

export function ip(protocol: number, source: Uint8Array, target: Uint8Array, payload: Uint8Array): Uint8Array {
  if (source.length === 16) {
    return concat(fields(false, [0x60000000, 4], [payload.length, 2], [protocol, 1], [64, 1]), source, target, payload);
  }
  const header = fields(false, [0x4500, 2], [20 + payload.length, 2], [0, 4], [64, 1], [protocol, 1], [0, 2]);
  return concat(header, source, target, payload);
}

/** The IP version decides the EtherType; `tags` are VLAN ids, outermost first. */
export function ethernet(packet: Uint8Array, ...tags: readonly number[]): Uint8Array {
  const type = packet[0]! >> 4 === 6 ? 0x86dd : 0x0800;
  const vlans = tags.map((id) => fields(false, [0x8100, 2], [id, 2]));
  return concat(new Uint8Array(12), ...vlans, fields(false, [type, 2]), packet);
}
