/** A slow, obvious reader of what the lab wrote, sharing no code with it. */
export interface ReadPacket {
  /** Whole microseconds, and the nanoseconds beyond. */
  readonly atUs: number;
  readonly belowUs: number;
  /** Of the frame before the snapshot length cut it. */
  readonly originalLength: number;
  readonly frame: Uint8Array;
  readonly src: string;
  readonly dst: string;
  readonly srcPort: number;
  readonly dstPort: number;
  readonly seq: number;
  readonly ack: number;
  readonly flags: number;
  readonly window: number;
  readonly payload: Uint8Array;
}

export function readPackets(pcap: Uint8Array): ReadPacket[] {
  const view = new DataView(pcap.buffer, pcap.byteOffset, pcap.byteLength);
  const magic = view.getUint32(0, true);
  const perUs = magic === 0xa1b23c4d ? 1_000 : 1;
  if ((magic !== 0xa1b2c3d4 && perUs === 1) || view.getUint32(20, true) !== 1)
    throw new Error('not a classic Ethernet pcap');
  const packets: ReadPacket[] = [];
  for (let at = 24; at < pcap.length; ) {
    const fraction = view.getUint32(at + 4, true);
    const atUs = view.getUint32(at, true) * 1e6 + Math.floor(fraction / perUs);
    const length = view.getUint32(at + 8, true);
    const fields = { atUs, belowUs: fraction % perUs, originalLength: view.getUint32(at + 12, true) };
    packets.push({ ...fields, ...readFrame(pcap.slice(at + 16, at + 16 + length)) });
    at += 16 + length;
  }
  return packets;
}

function readFrame(frame: Uint8Array): Omit<ReadPacket, 'atUs' | 'belowUs' | 'originalLength'> {
  const view = new DataView(frame.buffer);
  const v6 = view.getUint16(12) === 0x86dd;
  const [src, dst] = v6 ? [frame.slice(22, 38), frame.slice(38, 54)] : [frame.slice(26, 30), frame.slice(30, 34)];
  const at = v6 ? 54 : 34;
  return {
    frame,
    src: src.join('.'),
    dst: dst.join('.'),
    srcPort: view.getUint16(at),
    dstPort: view.getUint16(at + 2),
    seq: view.getUint32(at + 4),
    ack: view.getUint32(at + 8),
    flags: view.getUint8(at + 13),
    window: view.getUint16(at + 14),
    payload: frame.slice(at + (view.getUint8(at + 12) >> 4) * 4),
  };
}

/** Dotted bytes of an address in text, the form `ReadPacket` uses. */
export function dotted(address: string): string {
  if (!address.includes(':')) return address;
  const [head = '', tail = ''] = address.split('::');
  const groups = (text: string) => (text ? text.split(':').map((group) => Number.parseInt(group, 16)) : []);
  const before = groups(head);
  const after = groups(tail);
  const all = [...before, ...new Array<number>(8 - before.length - after.length).fill(0), ...after];
  return all.flatMap((group) => [group >> 8, group & 255]).join('.');
}

/** The 16-bit one's complement sum; correct data including its checksum gives 0xffff. */
export function onesComplement(bytes: Iterable<number>): number {
  let sum = 0;
  let high = true;
  for (const byte of bytes) {
    sum += high ? byte << 8 : byte;
    high = !high;
    if (sum > 0xffff) sum -= 0xffff;
  }
  return sum;
}

/** One direction's bytes put in order by sequence number; null if something is missing or was never started. */
export function reassemble(packets: readonly ReadPacket[]): Uint8Array | null {
  const syn = packets.find((packet) => packet.flags & 2);
  if (!syn) return null;
  const bytes: number[] = [];
  const segments = packets
    .filter((packet) => packet.payload.length > 0)
    .map((packet) => ({ from: (packet.seq - syn.seq - 1) | 0, payload: packet.payload }))
    .sort((a, b) => a.from - b.from);
  for (const { from, payload } of segments) {
    if (from > bytes.length) return null;
    for (const byte of payload.subarray(bytes.length - from)) bytes.push(byte);
  }
  return Uint8Array.from(bytes);
}

export interface TlsRecord {
  readonly type: number;
  readonly version: number;
  readonly length: number;
}

/** Splits a stream into TLS records; throws where the bytes are no such thing. A cut-off last record is left out. */
export function tlsRecords(stream: Uint8Array): TlsRecord[] {
  const records: TlsRecord[] = [];
  for (let at = 0; at + 5 <= stream.length; ) {
    const [type = 0, major = 0, minor = 0, high = 0, low = 0] = stream.subarray(at, at + 5);
    const length = (high << 8) | low;
    if (type < 20 || type > 23 || major !== 3 || length === 0 || length > 16_640)
      throw new Error(`no TLS record at ${at}`);
    at += 5 + length;
    if (at <= stream.length) records.push({ type, version: (major << 8) | minor, length });
  }
  return records;
}
