/** Decodes one frame given as bytes. */
import { decodeFrame } from '../../../features/packet/decode.ts';
import { LinkType } from '../../../features/packet/link.ts';
import { Packet, type Status } from '../../../features/packet/packet.ts';

export interface Decoded {
  readonly status: Status;
  readonly packet: Packet;
}

/** The frame lies in the middle of a larger buffer, so that whoever reads outside of it reads 0xee. */
export function decode(
  frame: Uint8Array,
  linkType: number = LinkType.Ethernet,
  wireLength: number = frame.length,
): Decoded {
  const margin = 64;
  const buffer = new Uint8Array(frame.length + 2 * margin).fill(0xee);
  buffer.set(frame, margin);
  const packet = new Packet();
  const view = new DataView(buffer.buffer);
  const status = decodeFrame(view, margin, margin + frame.length, wireLength, linkType, packet);
  return { status, packet };
}

/** The captured payload as text. */
export function payloadText({ packet }: Decoded): string {
  const { view, payloadAt, payloadEnd } = packet;
  return new TextDecoder('latin1').decode(new Uint8Array(view.buffer, payloadAt, payloadEnd - payloadAt));
}

/** Source and destination address in hexadecimal. */
export function addresses({ packet }: Decoded): readonly [string, string] {
  const { view, addressAt, ipVersion } = packet;
  const length = ipVersion === 4 ? 4 : 16;
  const text = (at: number) => Buffer.from(view.buffer as ArrayBuffer, at, length).toString('hex');
  return [text(addressAt), text(addressAt + length)];
}
