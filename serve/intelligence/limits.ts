/** Every bound on feeds, each with its reason: a feed is written by strangers and fetched from strangers. */
export const FEED_LIMITS = {
  /** Bytes of a feed, unpacked: three million domains in a plain list. */
  bytes: 64 * 1024 * 1024,
  /** Indicators kept of one feed: they take about 60 bytes each beside their text, 120 MB in all. */
  indicators: 2_000_000,
  /** Lines or objects looked at, understood or not. */
  rows: 4_000_000,
  /** Bytes of a line of a plain list: an indicator with all that may stand beside it. */
  lineBytes: 4096,
  /** Characters of one indicator: a host name has 253. */
  valueCharacters: 512,
  /** Nested arrays and objects: STIX and MISP have about ten. */
  jsonDepth: 64,
  /** Arrays, objects, members and items of one JSON text: each takes tens of bytes once it is read. */
  jsonValues: 6_000_000,
  /** Characters of a STIX pattern: patterns of a few comparisons have some hundred. */
  patternCharacters: 16 * 1024,
  /** Comparisons in a STIX pattern. */
  patternComparisons: 256,
  /** Families of malware remembered of one feed; further ones have no name. */
  families: 65_535,
  /** Characters of such a name. */
  familyCharacters: 120,
  /** Events of a MISP feed, the newest first. */
  mispEvents: 2_000,
  /** Feeds at once: each is asked for every name. */
  feeds: 64,
  /** Redirections followed, on the same host only. */
  redirects: 3,
  /** A feed that is not there after so long is not there, ms. */
  timeoutMs: 60_000,
  /** All events of a MISP feed together, ms. */
  mispTimeoutMs: 300_000,
} as const;

/** What makes a feed look poisoned rather than careless. */
export const POISON = {
  /** Rows that may be dropped as too broad, popular or special before the share counts: hosts files have a dozen. */
  droppedRows: 20,
  /** Share of dropped rows from which on the feed is refused. */
  droppedShare: 0.1,
  /** A feed that is so many times as large or as small as the last good copy is refused. */
  changeFactor: 10,
  /** Smaller feeds may change as they like. */
  changeRows: 100,
  /** IPv4 networks larger than /16 and IPv6 networks larger than /32 are whole providers. */
  shortestPrefix4: 16,
  shortestPrefix6: 32,
} as const;
