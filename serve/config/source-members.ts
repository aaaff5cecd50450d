/** Which members a source of each kind takes: one that is written for another kind would do nothing, silently. */
import type { SourceConfig } from '../sources/config.ts';

type Kind = SourceConfig['kind'];

/** The first is what the source cannot do without. */
const MEMBERS: Readonly<Record<Kind, readonly string[]>> = {
  interface: ['interface', 'filter', 'program', 'bufferKib', 'snapLength', 'isImmediate'],
  cap: ['interface', 'filter', 'bufferKib'],
  pcap: ['path', 'isLive'],
  'pcap-over-ip': ['address'],
  watch: ['folder', 'journal', 'quietSeconds', 'pollSeconds', 'overlapSeconds', 'followLinks'],
  replay: ['inputs', 'speed'],
};

export interface MemberMistake {
  /** The member that does not belong there; null where one is missing. */
  readonly member: string | null;
  readonly happened: string;
  readonly expected: string;
}

/** What is wrong with the members of a source; null where nothing is. */
export function sourceMistake(source: { readonly kind: Kind }): MemberMistake | null {
  const members = MEMBERS[source.kind];
  const given = Object.keys(source).filter((name) => name !== 'kind');
  const strange = given.find((name) => !members.includes(name));
  if (strange !== undefined) {
    const happened = `source.${strange} is nothing that a source of kind ${source.kind} takes`;
    return { member: strange, happened, expected: members.join(', ') };
  }
  const needed = members[0]!;
  if (given.includes(needed)) return null;
  return { member: null, happened: `the source of kind ${source.kind} has no ${needed}`, expected: `a ${needed}` };
}
