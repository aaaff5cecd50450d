/** Flows that come nearest to one that was looked for and not found: a hint at what is wrong with a rule. */
import type { Table } from '../../core/table.ts';
import { canonicalAddress, protocolName } from '../manifest/flow-index.ts';
import type { FlowSelector } from '../manifest/manifest.ts';
import { flowReader } from '../manifest/matched-flow.ts';
import { selectorText } from '../manifest/rules.ts';

/** What each part of a flow that agrees is worth: an address tells more than a port, and a port more than TCP. */
const WORTH = { address: 8, port: 3, protocol: 1 } as const;
const MOST = 3;

interface Candidate {
  readonly text: string;
  readonly worth: number;
}

export class NearestFlows {
  readonly #wanted: FlowSelector;
  #best: Candidate[] = [];

  constructor(wanted: FlowSelector) {
    // As rows write it.
    this.#wanted = {
      ...wanted,
      ...(wanted.src_ip !== undefined && { src_ip: canonicalAddress(wanted.src_ip) ?? wanted.src_ip }),
      ...(wanted.dst_ip !== undefined && { dst_ip: canonicalAddress(wanted.dst_ip) ?? wanted.dst_ip }),
      ...(wanted.protocol !== undefined && { protocol: protocolName(wanted.protocol) }),
    };
  }

  look(table: Table): void {
    const flowAt = flowReader(table);
    const wanted = this.#wanted;
    for (let row = 0; row < table.length; row++) {
      const { src, srcPort, dst, dstPort, protocol, fromUs } = flowAt(row);
      const one = this.#worth(src, srcPort, dst, dstPort);
      const other = this.#worth(dst, dstPort, src, srcPort);
      const worth = Math.max(one, other) + (protocol === wanted.protocol ? WORTH.protocol : 0);
      if (worth < WORTH.port || worth <= (this.#best[MOST - 1]?.worth ?? 0)) continue;
      const ends = selectorText({ src_ip: src, src_port: srcPort, dst_ip: dst, dst_port: dstPort, protocol });
      const text = `${ends} at ${timeText(fromUs)}`;
      if (this.#best.some((candidate) => candidate.text === text)) continue;
      this.#best = [...this.#best, { text, worth }].sort((a, b) => b.worth - a.worth).slice(0, MOST);
    }
  }

  get texts(): string[] {
    return this.#best.map(({ text }) => text);
  }

  #worth(src: string, srcPort: number, dst: string, dstPort: number): number {
    const wanted = this.#wanted;
    const addresses = Number(src === wanted.src_ip) + Number(dst === wanted.dst_ip);
    const ports = Number(srcPort === wanted.src_port) + Number(dstPort === wanted.dst_port);
    return addresses * WORTH.address + ports * WORTH.port;
  }
}

function timeText(us: number): string {
  return Number.isFinite(us) && Math.abs(us) < 8.64e18 ? new Date(us / 1000).toISOString() : 'no time';
}
