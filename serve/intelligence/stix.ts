/** STIX 2.1 bundles: indicators with patterns, and the malware that relationships say they indicate. */
import { listOf, numberOf, objectOf, secondsOf, stringOf } from './bounded-json.ts';
import type { FeedBuilder } from './feed-builder.ts';
import { readStixPattern } from './stix-pattern.ts';

type StixObject = Readonly<Record<string, unknown>>;

export function readStixBundle(bundle: StixObject, builder: FeedBuilder): void {
  const objects = listOf(bundle['objects']).map(objectOf);
  const malware = malwareByIndicator(objects);
  for (const object of objects) if (object?.['type'] === 'indicator') readIndicator(object, malware, builder);
}

function readIndicator(indicator: StixObject, malware: ReadonlyMap<string, string>, builder: FeedBuilder): void {
  const isStix = (indicator['pattern_type'] ?? 'stix') === 'stix';
  const pattern = isStix ? stringOf(indicator['pattern']) : '';
  if (indicator['revoked'] === true) builder.withdraw();
  else addPattern(pattern, indicator, malware, builder);
}

function addPattern(
  pattern: string,
  indicator: StixObject,
  malware: ReadonlyMap<string, string>,
  builder: FeedBuilder,
): void {
  const { values, others } = readStixPattern(pattern);
  for (let i = 0; i < others; i++) builder.leaveOut();
  const facts = {
    // STIX 2.1, 3.2 and appendix A: confidence is a whole number from 0 to 100.
    risk: numberOf(indicator['confidence']),
    malware: malware.get(stringOf(indicator['id'])) ?? stringOf(indicator['name']),
    lastSeen: secondsOf(indicator['modified'] ?? indicator['valid_from']),
    validUntil: secondsOf(indicator['valid_until']),
  };
  for (const { type, value } of values) builder.addTyped(type, value, facts);
}

/** Names of malware, tools and campaigns by the id of the indicator that `indicates` them. */
function malwareByIndicator(objects: readonly (StixObject | null)[]): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const object of objects) {
    const name = stringOf(object?.['name']);
    if (object !== null && name !== '' && object['type'] !== 'indicator') names.set(stringOf(object['id']), name);
  }
  const found = new Map<string, string>();
  for (const object of objects) {
    if (object?.['type'] !== 'relationship' || object['relationship_type'] !== 'indicates') continue;
    const name = names.get(stringOf(object['target_ref']));
    if (name !== undefined) found.set(stringOf(object['source_ref']), name);
  }
  return found;
}
