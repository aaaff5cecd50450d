/** Bounds of kept packets, with their reasons: whoever sends packets decides how many there are. */
export const KEEP_LIMITS = {
  /** First packets of each flow: what a verdict at the first prefix rests on, and a session's handshakes and log-in. */
  packets: 64,
  /** Bytes of each frame: whole Ethernet frames with their tags. What the network card has joined is cut. */
  frameBytes: 1_600,
  /** Bytes of first packets, all flows together: at 10 MB of them a second, some ten seconds. */
  ringBytes: 128 * 1024 * 1024,
  /** Flows whose packets are known; at some 150 bytes each. The one seen least lately is forgotten. */
  flows: 262_144,
  /** Flows followed after their verdict, and packets and bytes of each. */
  followed: 256,
  followPackets: 1_000,
  followBytes: 256 * 1024,
  /** Characters of a comment: a block's option holds 65,535 bytes. */
  commentCharacters: 8_000,
  /** Findings told of in a comment, and characters of each. */
  findings: 16,
  findingCharacters: 400,
} as const;
