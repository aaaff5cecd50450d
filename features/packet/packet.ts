/**
 * The decoded view of one packet. One object is reused for every packet: decoders write into it, and after a failure
 * its fields are not to be trusted.
 */

/** What became of a frame. Everything but `Ok` is a counted drop. */
export const Status = {
  Ok: 0,
  /** The link type is not one that is looked through. */
  UnknownLink: 1,
  /** The frame carries no IP (ARP, LLDP, ...). */
  NotIp: 2,
  /** A header is cut off by the snapshot length or the end of the frame. */
  Truncated: 3,
  /** A header contradicts itself (version, header length). */
  Malformed: 4,
  /** A later IP fragment: it has no ports of its own. */
  Fragment: 5,
  /** IP, but neither TCP nor UDP. */
  OtherTransport: 6,
} as const;
export type Status = (typeof Status)[keyof typeof Status];

/** The name of each drop as counters and summaries show it, by status. */
export const DROP_NAMES = [
  'ok',
  'unknown_link',
  'not_ip',
  'truncated',
  'malformed',
  'fragment',
  'other_transport',
] as const;

export const Protocol = { Tcp: 6, Udp: 17 } as const;

/** TCP flag bits (RFC 9293 3.1). */
export const TcpFlag = { Fin: 1, Syn: 2, Rst: 4, Psh: 8, Ack: 16, Urg: 32, Ece: 64, Cwr: 128 } as const;

export class Packet {
  view: DataView = new DataView(new ArrayBuffer(0));
  /** Capture time: whole microseconds since 1970, and nanoseconds beyond. */
  us = 0;
  ns = 0;
  /** 4 or 6. */
  ipVersion = 0;
  /** Length of the IP packet in bytes, header included, by its own header. */
  ipLength = 0;
  /** IP protocol number. */
  protocol = 0;
  /** Offset of the source address in `view`; the destination follows it. */
  addressAt = 0;
  sourcePort = 0;
  destinationPort = 0;
  /** Outermost VLAN id, -1 for none. */
  vlan = -1;
  tcpFlags = 0;
  sequence = 0;
  acknowledgement = 0;
  window = 0;
  /** Captured payload: `view[payloadAt, payloadEnd)`, perhaps shorter than `payloadLength`. */
  payloadAt = 0;
  payloadEnd = 0;
  /** Payload length by the headers, bytes. */
  payloadLength = 0;
}
