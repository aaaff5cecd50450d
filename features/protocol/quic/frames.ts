/** The frames of an Initial packet (RFC 9000 12.4: PADDING, PING, ACK, CRYPTO, CONNECTION_CLOSE; and Google's own). */
import { QUIC_LIMITS } from './limits.ts';
import { VarintReader } from './varint.ts';
import { Framing } from './versions.ts';

/** RFC 9000 19. */
const FrameType = {
  Padding: 0x00,
  Ping: 0x01,
  Ack: 0x02,
  AckEcn: 0x03,
  Crypto: 0x06,
  Close: 0x1c,
  CloseApp: 0x1d,
} as const;
/** Chromium's of Q050, T050 and T051 (quiche, quic_types.h): CRYPTO has another number, ACK is the one of Q043. */
const GoogleFrame = { Close: 0x02, Ping: 0x07, Crypto: 0x08, Ack: 0x40, AckMask: 0xc0 } as const;

/** Is shown what the frames of a packet say. */
export interface FrameVisitor {
  /** Bytes `[at, end)` of the handshake stream, from `offset` on. */
  crypto(offset: number, bytes: Uint8Array, at: number, end: number): void;
  /** CONNECTION_CLOSE (RFC 9000 19.19). */
  close(error: number): void;
}

const reader = new VarintReader();

/**
 * Shows the frames in `bytes` to the visitor as far as they make sense; false if they do not.
 *
 * @param isCut the packet goes on behind the end of the capture
 */
export function visitFrames(bytes: Uint8Array, framing: Framing, isCut: boolean, visitor: FrameVisitor): boolean {
  reader.begin(bytes, 0, bytes.length);
  for (let count = 0; reader.left > 0; count++) {
    if (count === QUIC_LIMITS.frames) return false;
    const isRead = framing === Framing.Ietf ? ietfFrame(isCut, visitor) : googleFrame(isCut, visitor);
    if (!isRead) return isCut && count > 0;
  }
  return true;
}

function ietfFrame(isCut: boolean, visitor: FrameVisitor): boolean {
  switch (reader.next()) {
    case FrameType.Padding:
      return skipPadding();
    case FrameType.Ping:
      return true;
    case FrameType.Ack:
      return skipAck(0);
    case FrameType.AckEcn:
      return skipAck(3);
    case FrameType.Crypto:
      return crypto(isCut, visitor);
    case FrameType.Close:
      return close(visitor, true);
    case FrameType.CloseApp:
      return close(visitor, false);
    default:
      return false;
  }
}

function googleFrame(isCut: boolean, visitor: FrameVisitor): boolean {
  const type = reader.bytes[reader.at++]!;
  if (type === FrameType.Padding) return skipPadding();
  if (type === GoogleFrame.Ping) return true;
  if (type === GoogleFrame.Crypto) return crypto(isCut, visitor);
  if ((type & GoogleFrame.AckMask) === GoogleFrame.Ack) return skipGoogleAck(type);
  return type === GoogleFrame.Close && googleClose(visitor);
}

function skipPadding(): boolean {
  const { bytes, end } = reader;
  let { at } = reader;
  while (at < end && bytes[at] === 0) at++;
  reader.at = at;
  return true;
}

/** RFC 9000 19.3: largest, delay, number of further ranges, first range, then two for each range, then ECN counts. */
function skipAck(ecnCounts: number): boolean {
  reader.next();
  reader.next();
  const ranges = reader.next();
  if (ranges < 0 || ranges > reader.left) return false;
  for (let left = 1 + 2 * ranges + ecnCounts; left > 0; left--) if (reader.next() < 0) return false;
  return true;
}

function crypto(isCut: boolean, visitor: FrameVisitor): boolean {
  const offset = reader.next();
  const length = reader.next();
  if (offset < 0 || length < 0 || (length > reader.left && !isCut)) return false;
  const { bytes, at, end } = reader;
  const stop = Math.min(end, at + length);
  reader.at = stop;
  visitor.crypto(offset, bytes, at, stop);
  return true;
}

/** RFC 9000 19.19: the error, the type of the frame to blame if the transport closes, and a reason. */
function close(visitor: FrameVisitor, namesFrame: boolean): boolean {
  const error = reader.next();
  if (namesFrame) reader.next();
  const length = reader.next();
  if (error < 0 || length < 0) return false;
  visitor.close(Math.min(error, Number.MAX_SAFE_INTEGER));
  reader.at = Math.min(reader.end, reader.at + length);
  return true;
}

/** Bytes of a packet number, by two bits of an ACK's type. */
const NUMBER_BYTES = [1, 2, 4, 6] as const;

/** `01ntllmm`, largest, delay (16), [number of blocks], first block, { gap, block }..., number of times, { times }. */
function skipGoogleAck(type: number): boolean {
  const { bytes, end } = reader;
  const blockBytes = NUMBER_BYTES[type & 3]!;
  let at = reader.at + NUMBER_BYTES[(type >> 2) & 3]! + 2;
  const blocks = (type & 0x20) !== 0 ? (bytes[at++] ?? 0) : 0;
  at += blockBytes + blocks * (1 + blockBytes);
  if (at >= end) return false;
  const times = bytes[at++]!;
  at += times === 0 ? 0 : 5 + 3 * (times - 1);
  reader.at = at;
  return at <= end;
}

/** QuicErrorCode (32), a reason with its length (16). */
function googleClose(visitor: FrameVisitor): boolean {
  const { bytes, at, left } = reader;
  if (left < 6) return false;
  visitor.close(((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0);
  reader.at = Math.min(reader.end, at + 6 + ((bytes[at + 4]! << 8) | bytes[at + 5]!));
  return true;
}
