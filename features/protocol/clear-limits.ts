/** Every bound of the readers of protocols in the clear (HTTP, SSH, DNS), each with its reason. */
export const CLEAR_LIMITS = {
  /** Payload packets of a flow, looked at for a beginning, if the flow's own beginning is not in the capture. */
  looks: 8,
  /** The same if it is: each side's first payload decides. */
  firstLooks: 2,
  /** Flows half-read at once are given up beyond, bytes, the first one first: heads of a busy proxy, a resolver's flows. */
  heldBytes: 64 * 1024 * 1024,
  /** Texts shared between flows: hosts and user agents of a busy network in a few minutes. */
  sharedTexts: 4096,
  /** A line of HTTP or SSH that spans segments; servers refuse request lines and fields beyond 8 KiB. */
  lineBytes: 8 * 1024,
  /** Head of a request or response: servers refuse more than 8 to 64 KiB. */
  headBytes: 64 * 1024,
  /** Host and port: a name of 255 octets (RFC 1035 2.3.4), a colon and five digits. */
  hostBytes: 261,
  /** A User-Agent is cut here: browsers need 120 bytes, the longest mobile ones twice that. */
  userAgentBytes: 256,
  /** Upgrade names one or two protocols. */
  upgradeBytes: 64,
  /** Payload packets of a flow in which requests are counted. */
  requestPackets: 32,
  /** RFC 4253 4.2: an identification string has at most 255 characters, CR and LF included. */
  bannerBytes: 255,
  /** Lines of a server before its identification string (RFC 4253 4.2), or empty lines before a request. */
  preambleLines: 32,
  /** RFC 4253 6.1: packets of 35,000 bytes must be understood; a KEXINIT has 600 to 2000. */
  sshPacketBytes: 35_000,
  /** SSH packets before the KEXINIT: none but ignored and debugging ones may come (RFC 4253 7.1). */
  sshPackets: 4,
  /** A DNS message over TCP that is longer is skipped: zone transfers, which name nothing that a client connects to. */
  dnsMessageBytes: 16 * 1024,
  /** Messages at the beginning of a flow that may be none, for ports promise nothing. */
  dnsFaults: 8,
  /** Questions of a message: one, in mDNS a dozen. */
  dnsQuestions: 64,
  /** Records of a message that are read. */
  dnsRecords: 128,
  /** Answers that a flow keeps. */
  dnsAnswers: 16,
  /** Compression pointers followed in one name: names have at most 127 labels, real ones two or three pointers. */
  dnsPointers: 32,
  /** RFC 1035 2.3.4: a name has at most 255 octets. */
  dnsNameBytes: 255,
  /** Pairs of client and server address whose name is remembered, in 9 MiB. */
  resolvedNames: 65_536,
  /** A name is believed at least so long, s, for programs keep addresses beyond a short TTL, and at most so long. */
  nameSecondsLeast: 600,
  nameSecondsMost: 86_400,
} as const;
