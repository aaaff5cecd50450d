/** Who is on the network of one capture: clients, the sites they visit, and which session goes where. */
import type { Prng } from '../../../core/prng.ts';
import { CATALOGUE } from '../dialogue/catalogue.ts';
import { type Dialogue, type Label, SECOND_US } from '../dialogue/message.ts';
import { drawCredentials } from '../encapsulation/certificate.ts';
import { ENCAPSULATIONS, type EncapsulationName } from '../encapsulation/channel.ts';
import { drawServerShape } from '../encapsulation/shapes.ts';
import { createTlsServer, type TlsServer } from '../encapsulation/tls.ts';
import type { ActiveEvasion } from '../evasion/evasion.ts';
import { drawEvasions, type EvasionOptions, evadeName } from '../evasion/plan.ts';
import { drawPath, type Path } from '../transport/path.ts';
import { drawStack, type Stack } from '../transport/stack.ts';
import { clientAddress, macAddress, serverAddress } from './address.ts';
import { drawHostName } from './names.ts';

export interface Client {
  readonly ip4: Uint8Array;
  readonly ip6: Uint8Array;
  readonly mac: Uint8Array;
  readonly stack: Stack;
}

export interface Site {
  readonly group: string;
  readonly dialogue: Dialogue;
  readonly host: string;
  readonly ip: Uint8Array;
  readonly port: number;
  readonly stack: Stack;
  readonly path: Path;
  readonly encapsulation: EncapsulationName;
  /** Null for plain. */
  readonly tls: TlsServer | null;
  readonly operatorSeed: number;
  /** What the site does not to be recognised, whoever visits it. */
  readonly evasions: readonly ActiveEvasion[];
}

/** Mining hides on ordinary ports and ordinary services turn up on mining ones; neither port list is exclusive. */
const PORTS: Readonly<Record<Label, { readonly web: number; readonly usual: number; readonly foreign: number }>> = {
  mining: { web: 0.55, usual: 0.27, foreign: 0.06 },
  other: { web: 0.5, usual: 0.3, foreign: 0.06 },
};
const WEB_PORTS: Readonly<Record<'sealed' | 'plain', readonly number[]>> = {
  sealed: [443, 443, 443, 443, 443, 8443],
  plain: [80, 80, 8080, 443],
};

function drawPort(prng: Prng, dialogue: Dialogue, encapsulation: EncapsulationName): number {
  const shares = PORTS[dialogue.label];
  const draw = prng.float();
  if (draw < shares.web) return prng.pick(WEB_PORTS[encapsulation === 'plain' ? 'plain' : 'sealed']);
  if (draw < shares.web + shares.usual) return prng.pick(dialogue.ports);
  if (draw < shares.web + shares.usual + shares.foreign) {
    return prng.pick(CATALOGUE[dialogue.label === 'mining' ? 'other' : 'mining'].flatMap((entry) => entry.value.ports));
  }
  return prng.integer(1_025, 49_151);
}

/** Share of connections over IPv6; chosen. */
const IPV6_SHARE = 0.15;

function drawSite(prng: Prng, capture: number, group: string, dialogue: Dialogue, evading: EvasionOptions): Site {
  const plainName = drawHostName(prng, dialogue.label);
  const encapsulation = prng.pickWeighted(ENCAPSULATIONS);
  const evasionPrng = prng.fork('evasions');
  const evasions = drawEvasions(evasionPrng, 'site', { dialogue, sealed: encapsulation !== 'plain' }, evading);
  const host = evadeName(plainName, evasions, evasionPrng);
  const shape = drawServerShape(prng);
  const credentials = encapsulation === 'plain' ? null : drawCredentials(prng.fork('certificate'), host);
  return {
    group,
    dialogue,
    host,
    ip: serverAddress(capture, prng, prng.chance(IPV6_SHARE)),
    port: drawPort(prng, dialogue, encapsulation),
    stack: drawStack(prng),
    path: drawPath(prng),
    encapsulation,
    tls: encapsulation !== 'plain' && credentials ? createTlsServer(encapsulation, host, shape, credentials) : null,
    operatorSeed: prng.uint32(),
    evasions,
  };
}

export interface Population {
  readonly clients: readonly Client[];
  readonly sites: Readonly<Record<Label, readonly Site[]>>;
}

/** What decides who is there. */
export interface PopulationOptions {
  readonly name: string;
  readonly network: number;
  readonly flows: number;
  readonly miningShare: number;
  /** Expected connections per site. */
  readonly flowsPerSite: number;
  readonly evasions: EvasionOptions;
}

/** Expected connections per client: enough that most clients have flows of both labels. */
const FLOWS_PER_CLIENT = 4.5;

export function drawPopulation(prng: Prng, options: PopulationOptions): Population {
  const { name, network, flows, miningShare, flowsPerSite, evasions } = options;
  const clients = Array.from({ length: Math.max(3, Math.round(flows / FLOWS_PER_CLIENT)) }, () => ({
    ip4: clientAddress(network, prng, false),
    ip6: clientAddress(network, prng, true),
    mac: macAddress(prng),
    stack: drawStack(prng),
  }));
  const sitesOf = (label: Label, share: number) => {
    const count = share > 0 ? Math.max(1, Math.ceil((flows * share) / flowsPerSite)) : 0;
    const group = `${name}/${label === 'mining' ? 'pool' : 'site'}`;
    return drawDialogues(prng, label, count).map((dialogue, i) =>
      drawSite(prng.fork(`${label}${i}`), network, `${group}-${i + 1}`, dialogue, evasions),
    );
  };
  return { clients, sites: { mining: sitesOf('mining', miningShare), other: sitesOf('other', 1 - miningShare) } };
}

/** Systematic sampling: evenly spaced points on the cumulated weights, so that small captures are as varied as large. */
function drawDialogues(prng: Prng, label: Label, count: number): Dialogue[] {
  const entries = CATALOGUE[label];
  const total = entries.reduce((sum, entry) => sum + entry.weight, 0);
  const offset = prng.float();
  const drawn = Array.from({ length: count }, (_, i) => {
    let left = ((i + offset) / count) * total;
    for (const { weight, value } of entries) {
      left -= weight;
      if (left < 0) return value;
    }
    return entries[entries.length - 1]!.value;
  });
  return prng.shuffle(drawn);
}

/** Session lengths, one distribution for both labels: half under three minutes, a few close to an hour. */
export function drawDurationUs(prng: Prng): number {
  return Math.min(3_600, Math.max(25, prng.logNormal(150, 1.05))) * SECOND_US;
}
