/** Bounds of the per-host view, with their reasons: addresses can be forged, so nothing of a host grows without one. */
export const HOST_LIMITS = {
  /** Clients held: a /16. With everything at its bound, each takes some 30 KiB. */
  clients: 65_536,
  /** Client-server pairs held: at some 1 KiB each. */
  pairs: 131_072,
  /** Share of entries given up at once when there is no more room: sorting them for each would cost more than it saves. */
  evictedShare: 1 / 8,
  /** Distinct servers counted for a client: a scanner has more, and it is enough to know that. */
  servers: 256,
  /** Distinct ports and names shown of each. */
  ports: 16,
  names: 8,
  /** Characters of a name: DNS allows 253, what stands in a hello may be longer. */
  nameLength: 255,
  /** Different findings kept of each, the heaviest. */
  findings: 3,
  /** Runs of hours kept of each: a month of office days has some 60. Beyond, the two nearest become one. */
  runs: 64,
  /** Clients whose scans are watched, each with its latest connections to what is scanned for: some 4 KiB. */
  scanners: 8_192,
  /** A peak is told up to here. */
  scanEvents: 256,
  /** Clients and endpoints whose short flows are watched: some 1 KiB each. */
  stormEndpoints: 16_384,
  stormEvents: 64,
  /** Endpoints whose pushes are remembered, and flows with pushes of each: some 1 KiB a flow. */
  pushEndpoints: 2_048,
  pushFlowsOfEndpoint: 16,
  /** Flows with pushes that each other one is compared with, whatever its endpoint. */
  pushFlows: 128,
  /** Clients and servers whose pushes come at the same moments as those of others. */
  pairsInStep: 8_192,
} as const;
