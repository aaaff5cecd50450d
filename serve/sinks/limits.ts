/** Bounds of sinks, with their reasons; most are defaults that a configuration may change. */

export const SINK_LIMITS = {
  /** Items that wait in memory: at a thousand a second, ten seconds of a destination that hangs. */
  queueItems: 10_000,
  /** Bytes that they hold, roughly (itemBytes). Several sinks hold the same rows once. */
  queueBytes: 64 * 1024 * 1024,
  /** Bytes on disk of a sink that spills. */
  spillBytes: 256 * 1024 * 1024,
  /** Bytes of a segment: what is lost at once where the disk is full of older ones. */
  segmentBytes: 4 * 1024 * 1024,
  /** Largest record that is believed, bytes: a batch of rows with all columns takes some ten megabytes. */
  recordBytes: 512 * 1024 * 1024,
  /** Items, and bytes that they hold, of one delivery. */
  batchItems: 256,
  batchBytes: 8 * 1024 * 1024,
  /** Items that are written to disk at once. */
  spillItems: 64,
  /** An attempt that has not come to an end is given up, seconds. */
  timeoutSeconds: 10,
  /** Rows that are made to text before other work gets its turn: about 8 ms with all columns. */
  rowsAtOnce: 64,
  /** For what is left when the time of `drain` is over to be spilled, ms. */
  surrenderMs: 5_000,
  /** Longest that a server may ask for patience, ms. */
  retryAfterMs: 300_000,
  /** Of a server's answer so much is read, bytes, for its connection to be used again. */
  answerBytes: 64 * 1024,
  /** Bytes of a message of syslog: every receiver should take 2,048 (RFC 5424 6.1). */
  syslogBytes: 2_048,
  /** Rotated files that are kept. */
  keepFiles: 10,
  /** Bytes at which a file is rotated. */
  rotateBytes: 256 * 1024 * 1024,
  /** Bytes of a file that holds a secret. */
  secretBytes: 4_096,
} as const;
