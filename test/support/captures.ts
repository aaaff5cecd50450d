/** Capture files made in tests. */
import { concat, fields } from './bytes.ts';

export interface Frame {
  /** Seconds since 1970, with a fraction. */
  readonly at: number;
  readonly bytes: Uint8Array;
  /** Length on the wire, if the frame was cut. */
  readonly wireLength?: number;
}

export interface PcapShape {
  readonly little?: boolean;
  readonly nanoseconds?: boolean;
  readonly linkType?: number;
}

export function pcap(frames: readonly Frame[], shape: PcapShape = {}): Uint8Array {
  const { little = true, nanoseconds = false, linkType = 1 } = shape;
  const magic = nanoseconds ? 0xa1b23c4d : 0xa1b2c3d4;
  const header = fields(little, [magic, 4], [2, 2], [4, 2], [0, 4], [0, 4], [65535, 4], [linkType, 4]);
  return concat(header, ...frames.map((frame) => pcapRecord(frame, little, nanoseconds ? 1e9 : 1e6)));
}

function pcapRecord({ at, bytes, wireLength }: Frame, little: boolean, perSecond: number): Uint8Array {
  const seconds = Math.floor(at);
  const fraction = Math.round((at - seconds) * perSecond);
  return concat(fields(little, [seconds, 4], [fraction, 4], [bytes.length, 4], [wireLength ?? bytes.length, 4]), bytes);
}

/** A pcapng block: type, length, body padded to four bytes, length. */
export function block(type: number, body: Uint8Array, little = true): Uint8Array {
  const padded = (body.length + 3) & ~3;
  const length = padded + 12;
  return concat(
    fields(little, [type, 4], [length, 4]),
    body,
    new Uint8Array(padded - body.length),
    fields(little, [length, 4]),
  );
}

export function sectionHeader(little = true): Uint8Array {
  return block(0x0a0d0d0a, fields(little, [0x1a2b3c4d, 4], [1, 2], [0, 2], [0xffffffff, 4], [0xffffffff, 4]), little);
}

/** An interface description; options are (code, bytes) pairs. */
export function interfaceBlock(
  linkType = 1,
  options: readonly (readonly [number, Uint8Array])[] = [],
  little = true,
): Uint8Array {
  const encoded = options.map(([code, value]) =>
    concat(fields(little, [code, 2], [value.length, 2]), value, new Uint8Array((4 - (value.length & 3)) & 3)),
  );
  const end = options.length === 0 ? new Uint8Array(0) : fields(little, [0, 4]);
  return block(1, concat(fields(little, [linkType, 2], [0, 2], [65535, 4]), ...encoded, end), little);
}

/** An enhanced packet block with a 64-bit count of the interface's clock. */
export function packetBlock(count: bigint, bytes: Uint8Array, interfaceId = 0, little = true): Uint8Array {
  const high = Number(count >> 32n);
  const low = Number(count & 0xffffffffn);
  const head = fields(little, [interfaceId, 4], [high, 4], [low, 4], [bytes.length, 4], [bytes.length, 4]);
  return block(6, concat(head, bytes), little);
}
