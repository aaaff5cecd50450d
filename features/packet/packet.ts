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
  /** A later IP fragment whose first fragment was not seen: nobody knows its ports. */
  OrphanFragment: 5,
  /** IP, but of a protocol that is not counted as flows (IGMP, ESP, OSPF, ...). */
  OtherTransport: 6,
  /** More headers inside each other than any network has. */
  TooDeep: 7,
  /** Encrypted or management frames of a wireless network. */
  Opaque: 8,
} as const;
export type Status = (typeof Status)[keyof typeof Status];

/** The name of each drop as counters and summaries show it, by status. */
export const DROP_NAMES = [
  'ok',
  'unknown_link',
  'not_ip',
  'truncated',
  'malformed',
  'orphan_fragment',
  'other_transport',
  'too_deep',
  'opaque',
] as const;

/** IP protocol numbers (IANA) of what is counted as flows. */
export const Protocol = { Icmp: 1, Tcp: 6, Udp: 17, Icmp6: 58, Sctp: 132 } as const;

/** What a packet was wrapped in; of several wrappings the outermost. */
export const Tunnel = { None: 0, IpInIp: 1, Gre: 2, Vxlan: 3, Geneve: 4, GtpU: 5 } as const;
export type Tunnel = (typeof Tunnel)[keyof typeof Tunnel];
export const TUNNEL_NAMES = ['none', 'ipip', 'gre', 'vxlan', 'geneve', 'gtpu'] as const;

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
  /** Time to live (RFC 791) or hop limit (RFC 8200). */
  ttl = 0;
  /** IP protocol number. */
  protocol = 0;
  /** Offset of the source address in `view`; the destination follows it. */
  addressAt = 0;
  /** Ports; of ICMP the type as source and the code (or the type that answers) as destination. */
  sourcePort = 0;
  destinationPort = 0;
  /** Number of the capture that it is from, among captures in which flows go on from one to the next. */
  capture = 0;
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

  /** A later fragment: counted to its flow, but without a transport header of its own. */
  isFragment = false;
  /** Identification of a fragmented packet, -1 for none (RFC 791 3.1, RFC 8200 4.5). */
  fragmentId = -1;

  /** The outermost wrapping, and the addresses of the IP header outside of it. */
  tunnel: Tunnel = Tunnel.None;
  outerVersion = 0;
  outerAddressAt = 0;

  /** Where the layer that a decoder has found begins; written by each decoder for the next. */
  next = 0;
  /** Where the current layer ends by the headers around it; perhaps behind the end of the capture. */
  limit = 0;
  /** Whether datagrams are searched for tunnels; not once an inner packet did not decode: its carrier then counts. */
  lookThrough = true;
  /** A datagram was taken for a tunnel. */
  isInDatagram = false;
}
