/**
 * Our rows beside ipfixprobe's flows. Its inactive timeout was 21 to 65 seconds (all of these give the same here; its default is 30), its
 * active one 300. It keeps ICMP of two hosts in one flow whatever the type, so ours are put together for that.
 *
 * The plug-ins for protocols end a flow early, at a message of theirs; for those the sums over a conversation are compared.
 */
import {
  add,
  byKey,
  conversations,
  type Ours,
  type Pair,
  sameDirection,
  turned,
} from '../features/flow/oracle/conversation.ts';
import { Tally } from '../features/flow/oracle/tally.ts';
import { type ProbeFlow, probeFlows, probeOutputs } from './ipfixprobe-flows.ts';

export const PROBE_TIMEOUTS = { idleTimeout: 30, activeTimeout: 300 } as const;

/** End flows at messages of their protocol. */
const CUTTING = new Set(['dns', 'ntp', 'rtsp', 'sip']);
const ICMP = new Set([1, 58]);
const ICMP_HEADER = 8;
const PROBE_SEQUENCE = 30;
/** What it writes for packets without a tag. */
const NO_VLAN = 0;

export function compareProbe(idleTimeout: number = PROBE_TIMEOUTS.idleTimeout): Tally {
  const tally = new Tally();
  /** Several plug-ins were run on the same input: each flow is compared once. */
  const seen = new Set<string>();
  const isNew = (flow: string) => seen.size < seen.add(flow).size;
  for (const { plugin, input } of probeOutputs()) {
    const options = { ...PROBE_TIMEOUTS, idleTimeout, keyVlan: plugin === 'vlan' };
    const rows = byKey(conversations(input, options).ours);
    const told = byKey(probeFlows(plugin));
    for (const [key, flows] of told) {
      const where = `${plugin}: ${key}`;
      if (CUTTING.has(plugin)) compareSums(where, flows, rows.get(key) ?? [], tally);
      else {
        for (const flow of flows) {
          const mine = within(flow, rows.get(key) ?? []);
          if (isNew(`${input} ${key} ${flow.vlan} ${flow.firstUs} ${flow.lastUs}`))
            compareFlow(where, flow, mine, tally);
          if (flow.sequence !== null) compareSequence(where, flow, mine, tally);
        }
      }
    }
  }
  return tally;
}

/** Our rows of the flow's own time; of several VLANs the flow's own. */
function within(flow: ProbeFlow, rows: readonly Ours[]): Ours[] {
  const inside = rows.filter(({ firstUs, lastUs }) => firstUs >= flow.firstUs && lastUs <= flow.lastUs);
  if (ICMP.has(flow.protocol) || inside.length < 2) return inside;
  return inside.filter(({ row }) => (row['vlan_id'] ?? NO_VLAN) === flow.vlan);
}

function compareFlow(where: string, flow: ProbeFlow, rows: readonly Ours[], tally: Tally): void {
  tally.compare(where, 'flows found', 'found', rows.length > 0 ? 'found' : 'not found', () => null);
  if (rows.length === 0) return;
  const sum = (field: (of: Ours) => Pair) => add(rows.map((row) => turned(field(row), sameDirection(row, flow))));
  const none = () => null;
  tally.compare(
    where,
    'packets each way',
    flow.packets,
    sum((row) => row.packets),
    none,
  );
  tally.compare(
    where,
    'IP bytes each way',
    flow.ipBytes,
    sum((row) => row.ipBytes),
    none,
  );
  const times = [Math.min(...rows.map(({ firstUs }) => firstUs)), Math.max(...rows.map(({ lastUs }) => lastUs))];
  tally.compare(where, 'first and last packet, us', [flow.firstUs, flow.lastUs], times, none);
  const [first] = [...rows].sort((a, b) => a.firstUs - b.firstUs) as [Ours];
  tally.compare(where, 'initiator', flow.from, sameDirection(first, flow) ? flow.from : flow.to, none);
}

/** Sizes and times of the first packets with payload; signs say who sent them. */
function compareSequence(where: string, flow: ProbeFlow, rows: readonly Ours[], tally: Tally): void {
  const header = ICMP.has(flow.protocol) ? ICMP_HEADER : 0;
  const told = flow.sequence!.map(({ size, us }) => ({ size: size - Math.sign(size) * header, us }));
  const ours = rows
    .flatMap((row) => {
      const sign = sameDirection(row, flow) ? 1 : -1;
      const times = row.row['payload_times_us'] as number[];
      return (row.row['payload_sizes'] as number[]).map((size, at) => ({
        size: size * sign,
        us: row.firstUs + times[at]!,
      }));
    })
    .sort((a, b) => a.us - b.us)
    .slice(0, PROBE_SEQUENCE);
  const text = (all: readonly { readonly size: number; readonly us: number }[]) =>
    all.map(({ size, us }) => `${size}@${us}`).join(' ');
  const isHeaderOnly = told.some(({ size }) => size === 0);
  tally.compare(where, 'sizes, directions and times of packets with payload', text(told), text(ours), () =>
    isHeaderOnly && text(told.filter(({ size }) => size !== 0)) === text(ours) ? 'ICMP header' : null,
  );
}

function compareSums(where: string, flows: readonly ProbeFlow[], rows: readonly Ours[], tally: Tally): void {
  const [first] = flows as [ProbeFlow];
  const sum = <T extends ProbeFlow | Ours>(all: readonly T[], field: (of: T) => Pair) =>
    add(all.map((each) => turned(field(each), sameDirection(each, first))));
  const explain = () => null;
  tally.compare(
    where,
    'packets each way, whole conversations',
    sum(flows, (of) => of.packets),
    sum(rows, (of) => of.packets),
    explain,
  );
  tally.compare(
    where,
    'IP bytes each way, whole conversations',
    sum(flows, (of) => of.ipBytes),
    sum(rows, (of) => of.ipBytes),
    explain,
  );
}
