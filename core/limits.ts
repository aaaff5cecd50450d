/**
 * Every bound in one place, with its reason. Input comes from attackers, so nothing grows without one, and whoever
 * meets a bound counts it.
 */
export const LIMITS = {
  /** Largest captured frame accepted, bytes: libpcap's MAXIMUM_SNAPLEN; a longer one means a damaged record. */
  frameBytes: 262_144,
  /** Longest a frame is believed to have been on the wire, bytes: BIG TCP hands over 512 KiB; a record may claim 4 GiB. */
  wireBytes: 1024 * 1024,
  /** Largest pcapng block accepted, bytes: room for a maximal frame with options, or a block of TLS secrets. */
  blockBytes: 16 * 1024 * 1024,
  /** Interfaces remembered per pcapng section: a capture names a few; a hostile one could name millions. */
  interfaces: 4096,
  /** VLAN tags skipped: two are standard (802.1ad), four are seen at providers. */
  vlanTags: 4,
  /** MPLS labels popped: providers stack two or three. */
  mplsLabels: 8,
  /** Layers decoded in one frame: Ethernet, IP and TCP are three, a mobile network inside VXLAN twelve. */
  layers: 16,
  /** IPv6 extension headers walked: RFC 8200 allows each once, destination options twice. */
  extensionHeaders: 8,
  /** Payload packets that a row shows one by one (the early-classification window of the literature is 20-30). */
  sequence: 32,
  /** Payload packets whose size and time each flow keeps: what quartiles, rhythm and dialogue are computed from. */
  messages: 128,
  /** A flow is active until nothing has come for so long, us: the activity timeout of CICFlowMeter. */
  pauseUs: 5_000_000,
  /** Flows held at once before the least recently seen is ended as `evicted`: about 1.2 GiB at 1.2 KiB each. */
  flows: 1_000_000,
  /**
   * Bytes of TLS handshakes half-read at once, all flows together: thirty thousand hellos that come in pieces. Beyond,
   * the one that began first is given up with what was read of it.
   */
  handshakeBytes: 128 * 1024 * 1024,
  /**
   * Rows that may wait for their turn: an old flow, silent but not idle yet, may still have to come first. A flood of
   * short flows behind it must not fill the memory.
   */
  waitingRows: 65_536,
  /** Files a folder search takes before it gives up: a wrong path should not walk a whole disk for hours. */
  inputFiles: 1_000_000,
  /** Rows per Arrow record batch: large enough to amortise, small enough to stream. */
  batchRows: 8192,
} as const;
