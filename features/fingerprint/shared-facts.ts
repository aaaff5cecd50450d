/**
 * What many flows say in the same words: clients, servers, hosts and certificates are few, and each is one object however
 * many flows name it. How it is written into a row is kept with it (vector/facts.ts).
 */
export interface SharedFacts {
  /** The cells, as the one FactWriter of its extractor wrote them; null until the first flow is over. */
  cells: Uint8Array | null;
}
