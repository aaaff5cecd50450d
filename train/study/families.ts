/** Which inputs tell of the handshake, of times, of sizes: what an ablation takes away together. */
import { featureNamed } from '../../features/vector/schema.ts';
import type { FeatureSpec } from '../../features/vector/spec.ts';
import { columnOfPlace } from '../../models/inputs.ts';

export const FAMILIES = ['handshake', 'timing', 'sizes'] as const;
export type Family = (typeof FAMILIES)[number];

/** Groups of columns that are read from what a connection opens with. */
const HANDSHAKE_GROUPS = new Set([
  'payload',
  'tls',
  'tls_flow',
  'certificate',
  'names',
  'quic',
  'dtls',
  'http',
  'ssh',
  'dns',
]);
/** Groups whose every column comes from times; bursts and periods are what gaps make of a flow. */
const TIMING_GROUPS = new Set(['times', 'activity', 'bursts', 'periodicity']);
const SIZE_GROUPS = new Set(['sizes', 'diversity']);

/** An input may be of several families (bytes per minute) or of none (counts of flags). */
export function isOfFamily(feature: FeatureSpec, family: Family): boolean {
  const { name, group, unit } = feature;
  switch (family) {
    case 'handshake':
      return HANDSHAKE_GROUPS.has(group) || /(^|_)(syn|synack)(_|$)/.test(name);
    case 'timing':
      return TIMING_GROUPS.has(group) || unit === 'us' || unit.endsWith('/min') || /_(gap|latency)_/.test(name);
    case 'sizes':
      return SIZE_GROUPS.has(group) || unit.startsWith('bytes') || /_size_|^payload_ratio$|_small_share$/.test(name);
  }
}

/** Of inputs by name, the numbers of those that are of the family; columns that the schema does not know are of none. */
export function columnsOfFamily(inputs: readonly string[], family: Family): number[] {
  return [...inputs.keys()].filter((i) => {
    const feature = featureNamed(columnOfPlace(inputs[i]!).column);
    return feature !== undefined && isOfFamily(feature, family);
  });
}

/** The group of an input in the feature schema; `other` for columns that it does not know. */
export function groupOfInput(name: string): string {
  return featureNamed(columnOfPlace(name).column)?.group ?? 'other';
}

/** Of inputs by name, those that are of one column of the table: the items of a list say nothing one by one. */
export function inputsByColumn(names: readonly string[]): Map<string, number[]> {
  const found = new Map<string, number[]>();
  names.forEach((name, i) => {
    const { column } = columnOfPlace(name);
    const own = found.get(column);
    if (own === undefined) found.set(column, [i]);
    else own.push(i);
  });
  return found;
}
