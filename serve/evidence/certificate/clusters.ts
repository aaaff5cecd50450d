/**
 * One certificate at many servers. What is known is what the rows before said, in the order of rows, which neither jobs
 * nor the form of the input change; so the findings about a row are the same however it came. The same row shown twice
 * counts once. A new capture begins anew, as each stands alone.
 */

export interface CertificateUse {
  /** Responders (address and port) that showed it, this row's included. */
  readonly servers: number;
  /** Server names that it was shown for. */
  readonly names: number;
  /** Different certificates of responders whose subjects have the same shape. */
  readonly alike: number;
}

export const CLUSTER_LIMITS = {
  /** Certificates and shapes remembered; beyond, the one that came first is forgotten. */
  entries: 16_384,
  /** Members counted of each: more than a few say nothing more. */
  members: 16,
} as const;

export class CertificateClusters {
  readonly #entries: number;
  readonly #servers = new Map<string, Set<string>>();
  readonly #names = new Map<string, Set<string>>();
  readonly #alike = new Map<string, Set<string>>();
  #capture: string | null = null;
  /** Certificates and shapes that were forgotten for want of room. */
  forgotten = 0;

  constructor(entries: number = CLUSTER_LIMITS.entries) {
    this.#entries = entries;
  }

  /**
   * @param certificate its fingerprint
   * @param shape of its subject (subjectShape)
   */
  add(capture: string, certificate: string, shape: string, server: string, name: string | null): CertificateUse {
    if (capture !== this.#capture) this.#begin(capture);
    return {
      servers: this.#join(this.#servers, certificate, server),
      names: name === null ? (this.#names.get(certificate)?.size ?? 0) : this.#join(this.#names, certificate, name),
      alike: this.#join(this.#alike, shape, certificate),
    };
  }

  #begin(capture: string): void {
    this.#capture = capture;
    for (const groups of [this.#servers, this.#names, this.#alike]) groups.clear();
  }

  /** The size of the group with the member in it. */
  #join(groups: Map<string, Set<string>>, key: string, member: string): number {
    const known = groups.get(key);
    if (known !== undefined) {
      if (known.size < CLUSTER_LIMITS.members) known.add(member);
      return known.size;
    }
    if (groups.size >= this.#entries) {
      groups.delete(groups.keys().next().value!);
      this.forgotten++;
    }
    groups.set(key, new Set([member]));
    return 1;
  }
}

/** A subject with letters as `a`, digits as `0`: what stays the same where a program writes certificates. */
export function subjectShape(parts: readonly (string | null)[]): string {
  return parts.map((part) => (part ?? '').replace(/\p{L}/gu, 'a').replace(/\p{N}/gu, '0')).join('|');
}
