/** Bounds of the HTTP service, each with its reason: whoever reaches the port may send anything, and at any pace. */
export interface HttpLimits {
  /** Bytes of a capture that is posted. */
  readonly captureBytes: number;
  /** Bytes that a compressed capture may unpack to. */
  readonly unpackedBytes: number;
  /** Bytes of an Arrow table that is posted. */
  readonly arrowBytes: number;
  /** Bytes of rows in JSON, which are parsed at one go: 8 MiB stop the event loop for some 60 ms. */
  readonly jsonBytes: number;
  /** Bytes of what an analyst says. */
  readonly feedbackBytes: number;
  /** Memory that requests being scored may take together, as it is estimated before they begin; others wait. */
  readonly admittedBytes: number;
  /** Requests scored at once: more gain nothing, for the model scores them in batches. */
  readonly admittedRequests: number;
  /** Requests that wait to be scored; one more is sent away. */
  readonly waitingRequests: number;
  /** How long one waits at most, ms. */
  readonly waitMs: number;
  /** How long a request may take to be scored and answered, ms. */
  readonly scoreMs: number;
  /** How long a body may pause, ms. */
  readonly pauseMs: number;
  /** Least pace of a body after the first ten seconds, bytes/s: a modem of 1994 is faster. */
  readonly bytesPerSecond: number;
  /** How long the headers of a request may take, ms. */
  readonly headersMs: number;
  /** How long a request may take to arrive, ms. */
  readonly requestMs: number;
  /** A connection without a byte in either direction ends after so long, ms; event streams have a heartbeat. */
  readonly silenceMs: number;
  /** Connections at once. */
  readonly connections: number;
  /** Requests of one client per second, over time; 0 for any number. */
  readonly requestsPerSecond: number;
  /** Requests of one client at once, before the rate counts. */
  readonly burst: number;
  /** Event streams at once. */
  readonly subscribers: number;
  /** A heartbeat is sent to event streams so often, ms. */
  readonly heartbeatMs: number;
  /** An event stream whose reader takes nothing for so long is ended, ms. */
  readonly subscriberStallMs: number;
}

const MIB = 1024 * 1024;

export const HTTP_LIMITS: HttpLimits = {
  captureBytes: 64 * MIB,
  unpackedBytes: 512 * MIB,
  arrowBytes: 64 * MIB,
  jsonBytes: 8 * MIB,
  feedbackBytes: 16 * 1024,
  admittedBytes: 384 * MIB,
  admittedRequests: 512,
  waitingRequests: 256,
  waitMs: 5_000,
  scoreMs: 120_000,
  pauseMs: 10_000,
  bytesPerSecond: 1_024,
  headersMs: 10_000,
  requestMs: 120_000,
  silenceMs: 130_000,
  connections: 512,
  requestsPerSecond: 1_000,
  burst: 2_000,
  subscribers: 64,
  heartbeatMs: 15_000,
  subscriberStallMs: 30_000,
};

/** Bounds that nobody needs to change. */
export const FIXED_LIMITS = {
  /** Columns of a table that is posted: three times as many as the extractor makes. */
  columns: 1_024,
  /** Rows of one request: more belong in a file, for `flowlamp score`. */
  rows: 1_000_000,
  /** Nested lists and objects in rows: a row has one level, lists in it another. */
  jsonDepth: 16,
  /** Values in a body of JSON: each takes tens of bytes once it is read. */
  jsonValues: 1_000_000,
  /** Flows held at once while a capture is read; beyond, the least recently seen ends as `evicted`. 80 MiB. */
  captureFlows: 65_536,
  /** Bytes up to which reading a capture takes less than a thread takes to begin: some hundred flows at most, 10 ms. */
  shortCapture: 64 * 1024,
  /** Blocks of flows of a capture under way, 3 MiB each: rows are made of one while the thread fills others. */
  captureBlocks: 4,
  /** Memory that a capture is taken to need. */
  captureMemory: 128 * MIB,
  /** JSON takes so many times its length once it is read. */
  jsonFactor: 12,
  /** Memory that any request is taken to need: a row with all columns, alone in its table. */
  leastMemory: 256 * 1024,
  /** What compressed bodies and dictionaries of an Arrow table may unpack to, in times its length, ... */
  arrowFactor: 64,
  /** ... but so much in any case, bytes, ... */
  arrowLeast: MIB,
  /** ... and no more than this. */
  arrowMost: 64 * MIB,
  /** An answer up to so long is sent when it is whole, so that a failure is told as one; longer ones as they are made. */
  heldAnswerBytes: 4 * MIB,
  /** Rows that are made of a capture, judged or written between two turns of the event loop: some milliseconds. */
  rowsPerTurn: 128,
  /** Verdicts in one answer. */
  listedVerdicts: 1_000,
  /** Bytes that wait in front of the reader of an event stream; it gets no more until it has taken them. */
  subscriberBytes: 256 * 1024,
  /** Clients whose rate is remembered; the one that was quiet for longest is forgotten. */
  clients: 4_096,
  /** What is left of a body that was refused is read and thrown away for so long, ms, so that the answer arrives. */
  lingerMs: 2_000,
  /** How often node looks for requests that take too long, ms. */
  checkMs: 1_000,
  /** All headers of a request, bytes. */
  headerBytes: 16 * 1024,
  /** Requests that are under way when the server closes have so long to end, ms. */
  closeMs: 5_000,
} as const;
