/** Every bound of the mining witness, each with its reason. */
export const MINING_LIMITS = {
  /** Payload packets looked at for a beginning, if the flow's own is not in the capture or a proxy is spoken to first. */
  looks: 8,
  /** The same of a flow whose beginning is there: each side's first payload decides. */
  firstLooks: 2,
  /** Flows half-read at once are given up beyond, bytes, the first one first: some twenty thousand sessions. */
  heldBytes: 64 * 1024 * 1024,
  /** What a session is counted as, bytes: its objects. */
  sessionBytes: 3 * 1024,
  /** Messages of a flow, none of them of mining, after which it is read no more. */
  strangers: 12,
  /** Bytes of such a flow: a gigabyte in one message must not be read to its end, nor much of what others say in JSON. */
  strangeBytes: 64 * 1024,
  /** Segments that arrived early and are kept of a side, and their bytes: a hole is filled within a window of TCP. */
  earlySegments: 32,
  earlyBytes: 48 * 1024,
  /** A hole that is not filled within so long stays one, us: retransmission timers begin at 200 ms and double. */
  holeUs: 5_000_000,
  /** A sequence number farther away than this belongs to another connection, or was forged. */
  window: 1024 * 1024,
  /** Containers inside each other. Ten are more than any mining message has; JSON.parse allows thousands. */
  depth: 32,
  /** A message is given up beyond, bytes: a block template with 4 MB of transactions in hexadecimal has some 10 MB. */
  messageBytes: 16 * 1024 * 1024,
  /** Values kept of a message, the first ones: the longest notification has some thirty. */
  values: 96,
  /** Text kept of all values of a message, and of one of them: wallets have 106 characters, XMRig's list of algorithms 300. */
  textBytes: 4096,
  valueBytes: 256,
  /** Names of members, bytes: the longest that is looked for has 17. */
  keyBytes: 24,
  /** Digits of a number that are read: a double has 17, an exponent three. */
  numberBytes: 32,
  /** Requests whose answer is awaited: pools answer within a second, miners send a few in it. */
  requests: 32,
  /** Items kept of an array: notifications have nine, block templates thousands of transactions before what matters. */
  items: 12,
  /** Lines of an HTTP head, and all of it, bytes. */
  lineBytes: 8 * 1024,
  headBytes: 64 * 1024,
  /** WebSocket frames of more than this are no mining messages, bytes; the longest known, a share with its proof, has 4 KiB. */
  frameBytes: 1024 * 1024,
  /** Texts kept of a flow (agent, host, worker, ...), bytes. */
  agentBytes: 128,
  hostBytes: 261,
  workerBytes: 64,
  algorithmBytes: 32,
  /** A login or a user of HTTP's Basic is read up to here, bytes. */
  loginBytes: 256,
} as const;
