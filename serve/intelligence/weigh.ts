/** From what a feed says of an indicator to the weight of a finding; docs/intelligence.md has the table. */
import type { IndicatorKind } from './indicator.ts';
import type { IndicatorFacts } from './indicator-table.ts';

/** Weight of an indicator of full risk; natural logarithms of likelihood ratios, chosen, not measured. */
const FULL: Readonly<Record<IndicatorKind, number>> = {
  endpoint: 4.5,
  domain: 4,
  certificate: 4,
  address: 3,
  network: 1.5,
  ja4: 1.2,
  ja3: 1,
  port: 0.5,
};
/** Where the feed names no risk: it lists the indicator, after all. */
const UNSAID_RISK = 70;
/** Malware that is not known to mine: who has one often has others, and that is all it says. */
const OTHER_MALWARE_SHARE = 0.3;
/** Addresses change hands: after this many days without a sighting they count half. */
const OLD_ADDRESS_DAYS = 90;
const OLD_SHARE = 0.5;
const SECONDS_PER_DAY = 86_400;

/** Families known to mine, and the words that feeds use for what does. */
const MINING =
  /xmrig|coin[ -]?miner|crypto[ -]?(?:min|jack)|\bminers?\b|\bmining\b|\bmonero|\bxmr\b|coinhive|stratum|kinsing|teamtnt|lemon[ -]?duck|smominru|wannamine|powerghost|sysrv|z0miner|prometei|perfctl|pgminer|mykings|adylkuzz|graboid|hildegard|cpuminer|nicehash|\bpools?\b|skidmap/i;

export function isMiningFamily(malware: string): boolean {
  return MINING.test(malware);
}

/** @param ageDays since the feed last saw it, at the time of the flow; null where it does not say */
export function weightOf(kind: IndicatorKind, { risk, malware }: IndicatorFacts, ageDays: number | null): number {
  const byRisk = (FULL[kind] * (risk ?? UNSAID_RISK)) / 100;
  const byFamily = malware === '' || isMiningFamily(malware) ? 1 : OTHER_MALWARE_SHARE;
  const isAddress = kind === 'address' || kind === 'network' || kind === 'endpoint';
  const byAge = isAddress && ageDays !== null && ageDays > OLD_ADDRESS_DAYS ? OLD_SHARE : 1;
  return byRisk * byFamily * byAge;
}

/** Days between a sighting and a flow; 0 where the sighting is later. */
export function ageDaysOf(lastSeen: number | null, flowSeconds: number | null): number | null {
  return lastSeen === null || flowSeconds === null ? null : Math.max(0, (flowSeconds - lastSeen) / SECONDS_PER_DAY);
}
