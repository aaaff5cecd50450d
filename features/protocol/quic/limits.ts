/** Every bound of the QUIC readers, each with its reason. */
export const QUIC_LIMITS = {
  /** Datagrams with payload in which a connection may begin: it nearly always does in the first. */
  looks: 6,
  /** Datagrams of a connection that are read: a handshake with losses and 0-RTT data before its answer takes some ten. */
  datagrams: 96,
  /** Packets of a connection that are tried to be opened: two or three for each hello, again if they are repeated. */
  openings: 24,
  /** Of one datagram: an endpoint has no reason to put more than two Initials into it, and a forger would. */
  openingsPerDatagram: 4,
  /** Initial secrets of a connection: one, another after Retry, another after version negotiation, one to spare. */
  secrets: 4,
  /** RFC 9000 14.1: a client pads what carries its Initials to so many bytes, and a server discards smaller ones. */
  clientDatagramBytes: 1200,
  /** RFC 9000 17.2: in versions 1 and 2 a connection id has at most so many bytes. */
  connectionIdBytes: 20,
  /** Frames read of one packet: Chrome sends about fifty, PADDING counted by runs. */
  frames: 512,
  /** Transport parameters listed: clients send ten to fifteen. */
  parameters: 64,
  /** Longest user agent kept, bytes: Chrome's has about fifty. */
  userAgentBytes: 256,
  /** Tags of a Google handshake message: a CHLO has up to forty. */
  tags: 128,
  /** Bytes of connections being read, all flows together; beyond, the one that began first is given up and counted. */
  readingBytes: 64 * 1024 * 1024,
} as const;
