/** The columns that are written as facts (see facts.ts), and the numbers that facts know them by. */
import { CERTIFICATE } from './certificate.ts';
import { DNS } from './dns.ts';
import { DTLS } from './dtls.ts';
import { HTTP } from './http.ts';
import { MINING } from './mining.ts';
import { NAMES } from './names.ts';
import { QUIC } from './quic.ts';
import { SSH } from './ssh.ts';
import { TLS } from './tls.ts';
import { TLS_FLOW } from './tls-flow.ts';
import { TUNNEL } from './tunnel.ts';

const GROUPS = {
  ...TUNNEL,
  ...TLS,
  ...TLS_FLOW,
  ...CERTIFICATE,
  ...NAMES,
  ...QUIC,
  ...DTLS,
  ...HTTP,
  ...SSH,
  ...DNS,
  ...MINING,
};
type FactName = keyof typeof GROUPS;

/** At most 256, for a number is one byte. */
export const FACT_NAMES = Object.keys(GROUPS) as readonly FactName[];

export const FACT = Object.fromEntries(FACT_NAMES.map((name, number) => [name, number])) as Readonly<
  Record<FactName, number>
>;
