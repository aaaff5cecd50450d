/** Every packet of a capture as the extractor's decoders see it, one object each: what rows have already added up. */
import { CaptureReader } from '../../../../features/capture/reader.ts';
import { decodeFrame } from '../../../../features/packet/decode.ts';
import { Fragments } from '../../../../features/packet/fragments.ts';
import { Packet, Status } from '../../../../features/packet/packet.ts';
import { addressText } from '../../protocol/pcap-helper.ts';
import { type Ends, keyOf, readCapture } from './conversation.ts';

export interface LedgerPacket extends Ends {
  readonly key: string;
  readonly us: number;
  /** Captured bytes of the frame, link header and padding included. */
  readonly frameBytes: number;
  readonly tcpFlags: number;
  readonly sequence: number;
  readonly payloadBytes: number;
}

/** The packets that belong to flows, by conversation, in file order. */
export function ledgerOf(path: string): Map<string, LedgerPacket[]> {
  const packets = new Map<string, LedgerPacket[]>();
  const fragments = new Fragments();
  const decoded = new Packet();
  const reader = new CaptureReader(path, {
    frame(view, at, end, wireLength, us, ns, linkType) {
      if (decodeFrame(view, at, end, wireLength, linkType, decoded) !== Status.Ok) return;
      decoded.us = us;
      decoded.ns = ns;
      if (decoded.fragmentId >= 0 && !fragments.resolve(decoded)) return;
      const packet = entryOf(decoded, end - at);
      const group = packets.get(packet.key);
      if (group === undefined) packets.set(packet.key, [packet]);
      else group.push(packet);
    },
  });
  reader.write(readCapture(path));
  reader.finish();
  return packets;
}

function entryOf(packet: Packet, frameBytes: number): LedgerPacket {
  const { view, addressAt, ipVersion, protocol, sourcePort, destinationPort } = packet;
  const width = ipVersion === 4 ? 4 : 16;
  const address = (at: number) => addressText(new Uint8Array(view.buffer, view.byteOffset + at, width));
  const ends = {
    protocol,
    from: address(addressAt),
    fromPort: sourcePort,
    to: address(addressAt + width),
    toPort: destinationPort,
  };
  return {
    ...ends,
    key: keyOf(ends),
    us: packet.us,
    frameBytes,
    tcpFlags: packet.tcpFlags,
    sequence: packet.sequence,
    payloadBytes: packet.payloadLength,
  };
}

/** Bytes of a TCP stream's sequence space that the packets cover: copies count once. */
export function distinctBytes(packets: readonly LedgerPacket[]): number {
  const first = packets[0]?.sequence ?? 0;
  const spans = packets
    .filter(({ payloadBytes }) => payloadBytes > 0)
    .map(({ sequence, payloadBytes, tcpFlags }) => {
      const from = ((sequence - first) | 0) + ((tcpFlags & 2) !== 0 ? 1 : 0);
      return [from, from + payloadBytes] as const;
    })
    .sort(([a], [b]) => a - b);
  let covered = 0;
  let reach = -Infinity;
  for (const [from, to] of spans) {
    covered += Math.max(0, to - Math.max(from, reach));
    reach = Math.max(reach, to);
  }
  return covered;
}
