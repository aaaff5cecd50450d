/** Every bound of the TLS readers, each with its reason. */
export const TLS_LIMITS = {
  /** A hello larger than this is an attack on memory: real ones stay below 20 KiB, tickets and key shares included. */
  messageBytes: 64 * 1024,
  /** First size of the buffer of a hello that spans records or segments; it doubles, so that a lie costs what it sends. */
  messageStartBytes: 2 * 1024,
  /** Deliveries per side searched for a hello: STARTTLS, SOCKS and CONNECT talk in the clear first. */
  searchDeliveries: 12,
  /** RFC 1035 2.3.4: a host name has at most 255 octets. */
  nameBytes: 255,
  /** Protocols of one ALPN list: clients offer one to ten. */
  alpnProtocols: 32,
} as const;
