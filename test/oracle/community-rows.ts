/** Community IDs of the extractor's rows beside the identifiers of the published baseline. */
import { readdirSync, readFileSync } from 'node:fs';
import { canonicalIp, conversations, keyOf, NO_TIMEOUTS } from '../features/flow/oracle/conversation.ts';
import { Tally } from '../features/flow/oracle/tally.ts';
import { sharedPath } from '../support/shared-data.ts';

const FOLDER = 'oracle/community-id';
/** The same captures and more, in Zeek's test suite. */
const ZEEK_FOLDER = 'oracle/zeek/Traces/communityid';
const PROTOCOL_NAMES: Readonly<Record<number, string>> = { 1: 'ICMP', 6: 'TCP', 17: 'UDP', 58: 'ICMPv6', 132: 'SCTP' };

interface BaselineRow {
  readonly proto: number;
  readonly saddr: string;
  readonly daddr: string;
  readonly sport: number | null;
  readonly dport: number | null;
  readonly communityid: string;
}

/** Each identifier of the baseline whose capture is at hand: whether a row of ours between its endpoints bears it. */
export function compareCommunityIds(): Tally {
  const tally = new Tally();
  const rows = [`${FOLDER}/pcaps`, ZEEK_FOLDER].flatMap((folder) =>
    readdirSync(sharedPath(folder)).flatMap((file) => conversations(sharedPath(`${folder}/${file}`), NO_TIMEOUTS).ours),
  );
  for (const row of baselineRows()) {
    const name = PROTOCOL_NAMES[row.proto];
    if (name === undefined) continue;
    const ours = rows.filter((each) => keyOf(each) === keyOf(endsOf(row)));
    if (ours.length === 0) continue;
    const ids = ours.map((each) => each.row['community_id']);
    const found = ids.includes(row.communityid) ? row.communityid : ids.join(' ');
    tally.compare(JSON.stringify(row), `rows of ${name}`, row.communityid, found, () => null);
  }
  return tally;
}

/** Rows of the baseline's own captures whose identifier the baseline does not have. */
export function unlistedIds(): string[] {
  const listed = new Set(baselineRows().map(({ communityid }) => communityid));
  return readdirSync(sharedPath(`${FOLDER}/pcaps`))
    .flatMap((file) => conversations(sharedPath(`${FOLDER}/pcaps/${file}`), NO_TIMEOUTS).ours)
    .map(({ row }) => String(row['community_id']))
    .filter((id) => !listed.has(id));
}

function baselineRows(): BaselineRow[] {
  return JSON.parse(readFileSync(sharedPath(`${FOLDER}/baseline_deflt.json`), 'utf8')) as BaselineRow[];
}

function endsOf({ proto, saddr, daddr, sport, dport }: BaselineRow) {
  return {
    protocol: proto,
    from: canonicalIp(saddr),
    fromPort: sport ?? 0,
    to: canonicalIp(daddr),
    toPort: dport ?? 0,
  };
}
