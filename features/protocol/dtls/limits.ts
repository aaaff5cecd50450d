/** Every bound of the DTLS reader, each with its reason. */
export const DTLS_LIMITS = {
  /** Datagrams with payload in which a handshake may begin: STUN comes first in calls (RFC 5763 5), some dozens of it. */
  looks: 64,
  /** Datagrams read from the first hello on: a cookie exchange, fragments, and each flight a few times. */
  datagrams: 64,
  /** Bytes of handshakes half-read, all flows together; beyond, the one that began first is given up and counted. */
  readingBytes: 32 * 1024 * 1024,
} as const;
