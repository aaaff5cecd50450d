/** Every bound of the TLS readers, each with its reason. */
export const TLS_LIMITS = {
  /** A hello larger than this is an attack on memory: real ones stay below 20 KiB, tickets and key shares included. */
  messageBytes: 64 * 1024,
  /** First size of the buffer of a hello that spans records or segments; it doubles, so that a lie costs what it sends. */
  messageStartBytes: 2 * 1024,
  /** Records of each side whose size and time are kept: as many as packets with payload are (core/limits.ts). */
  records: 32,
  /** Payload packets of a flow in which a handshake may begin: SOCKS and HTTP CONNECT talk in the clear first. */
  looks: 8,
  /** The same once the flow has shown that it speaks a protocol that can turn to TLS; SMTP may say a lot before. */
  dialogueLooks: 96,
  /** The same for a flow whose beginning was not captured: a record rarely begins where a segment does. */
  midstreamLooks: 64,
  /** Segments searched for the beginning of a record in a stream that is not known to be TLS yet. */
  doubtfulSeeks: 12,
  /** The same in a stream that is. Sixteen million bytes on, a transfer that never aligns is not worth more. */
  seeks: 12_000,
  /** Bytes of segments of one stream that came early and wait for those before them: about a tenth of a second. */
  earlyBytes: 64 * 1024,
  /** Their number, so that one-byte segments cannot fill the list. */
  earlySegments: 48,
  /** Early segments seen, kept or not, since the stream last advanced: the capture lost the missing one. */
  patience: 96,
  /** First data further away than this from where the SYN said is believed and the SYN is not, bytes. */
  window: 1024 * 1024,
  /** Certificates of one chain that are counted: real ones have two to four, RFC 5246 names no bound. */
  certificates: 16,
  /** DNS names kept of one certificate: shared hosting has a hundred, a row is no place for them. */
  certificateNames: 32,
  /** A longer common name or organisation is cut: RFC 5280 A.1 allows 64 characters. */
  attributeBytes: 256,
  /** RFC 5280 4.1.2.2: at most 20 octets; a longer serial number than this is not shown. */
  serialBytes: 40,
  /** RFC 1035 2.3.4: a host name has at most 255 octets. */
  nameBytes: 255,
  /** Protocols of one ALPN list: clients offer one to ten. */
  alpnProtocols: 32,
} as const;
