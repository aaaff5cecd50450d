/**
 * The feature table: every column of a flow row, in order. A group is one file with its rows and the function that
 * fills them; to add a feature, add its row and its line to its group.
 */

import { ACTIVITY } from './activity.ts';
import { BURSTS } from './bursts.ts';
import { CERTIFICATE } from './certificate.ts';
import { COUNTS } from './counts.ts';
import { DELIVERY } from './delivery.ts';
import { DIALOGUE } from './dialogue.ts';
import { DIVERSITY } from './diversity.ts';
import { DNS } from './dns.ts';
import { DTLS } from './dtls.ts';
import { FIRST_BYTES } from './first-bytes.ts';
import { FLAGS } from './flags.ts';
import { HISTOGRAMS } from './histograms.ts';
import { HTTP } from './http.ts';
import { IDENTITY } from './identity.ts';
import { MINING } from './mining.ts';
import { NAMES } from './names.ts';
import { PERIODICITY } from './periodicity.ts';
import { QUARTILES } from './quartiles.ts';
import { QUIC } from './quic.ts';
import { ROLES } from './roles.ts';
import { SEQUENCE } from './sequence.ts';
import { SIZES } from './sizes.ts';
import { type FeatureRows, type FeatureSpec, specsOf } from './spec.ts';
import { SSH } from './ssh.ts';
import { TIMES } from './times.ts';
import { TLS } from './tls.ts';
import { TLS_FLOW } from './tls-flow.ts';
import { TUNNEL } from './tunnel.ts';

/** Group `truth`: what a flow is, where that is known. */
export const TRUTH = {
  label: { type: 'utf8', doc: 'The true class of the flow.', nulls: 'The truth is not known.' },
} as const satisfies FeatureRows;

/** All columns that there are, in order. */
export const COLUMNS: readonly FeatureSpec[] = [
  ...specsOf('identity', IDENTITY),
  ...specsOf('tunnel', TUNNEL),
  ...specsOf('counts', COUNTS),
  ...specsOf('sizes', SIZES),
  ...specsOf('times', TIMES),
  ...specsOf('flags', FLAGS),
  ...specsOf('sequence', SEQUENCE),
  ...specsOf('histograms', HISTOGRAMS),
  ...specsOf('quartiles', QUARTILES),
  ...specsOf('diversity', DIVERSITY),
  ...specsOf('activity', ACTIVITY),
  ...specsOf('bursts', BURSTS),
  ...specsOf('periodicity', PERIODICITY),
  ...specsOf('dialogue', DIALOGUE),
  ...specsOf('roles', ROLES),
  ...specsOf('delivery', DELIVERY),
  ...specsOf('payload', FIRST_BYTES),
  ...specsOf('tls', TLS),
  ...specsOf('tls_flow', TLS_FLOW),
  ...specsOf('certificate', CERTIFICATE),
  ...specsOf('names', NAMES),
  ...specsOf('quic', QUIC),
  ...specsOf('dtls', DTLS),
  ...specsOf('http', HTTP),
  ...specsOf('ssh', SSH),
  ...specsOf('dns', DNS),
  ...specsOf('mining', MINING),
  ...specsOf('truth', TRUTH),
];

/** The columns that rows have unless others are asked for. */
export const FEATURES: readonly FeatureSpec[] = COLUMNS.filter(({ onRequest }) => !onRequest);

/** The specification of a column, undefined if there is none of that name. */
export function featureNamed(name: string): FeatureSpec | undefined {
  return byName.get(name);
}

const byName = new Map(COLUMNS.map((feature) => [feature.name, feature]));

/** The columns that a model may read, in order. */
export const MODEL_INPUTS: readonly FeatureSpec[] = FEATURES.filter((feature) => feature.input);
