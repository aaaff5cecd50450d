/** Who is on the network of one capture: clients, the sites they visit, and which session goes where. */
import type { Prng } from '../../../core/prng.ts';
import { CATALOGUE } from '../dialogue/catalogue.ts';
import { type Dialogue, type Label, SECOND_US, type Share, type Side } from '../dialogue/message.ts';
import { drawCredentials } from '../encapsulation/certificate.ts';
import type { EncapsulationName } from '../encapsulation/channel.ts';
import { drawServerShape } from '../encapsulation/shapes.ts';
import { createTlsServer, type TlsServer } from '../encapsulation/tls.ts';
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
  /** Where the two directions take different ways: which one comes by the tap, and how likely that is, 0 the likeliest. */
  readonly route: { readonly seen: Side; readonly rank: number };
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

function drawSite(
  prng: Prng,
  { network, encapsulations }: PopulationOptions,
  group: string,
  dialogue: Dialogue,
  taken: Set<string>,
): Site {
  const host = drawHostName(prng, dialogue.label);
  const encapsulation = prng.pickWeighted(encapsulations);
  const shape = drawServerShape(prng);
  const ipv6 = prng.chance(IPV6_SHARE);
  const credentials = encapsulation === 'plain' ? null : drawCredentials(prng.fork('certificate'), host);
  return {
    group,
    dialogue,
    host,
    ip: unused(taken, ipv6, (v6) => serverAddress(network, prng, v6)),
    port: drawPort(prng, dialogue, encapsulation),
    stack: drawStack(prng),
    path: drawPath(prng),
    encapsulation,
    tls: encapsulation !== 'plain' && credentials ? createTlsServer(encapsulation, host, shape, credentials) : null,
    operatorSeed: prng.uint32(),
    route: { seen: prng.chance(0.5) ? 'client' : 'server', rank: prng.float() },
  };
}

/** Draws until an address comes that nobody has; in crowded networks IPv6, which never runs out. */
function unused(taken: Set<string>, v6: boolean, draw: (v6: boolean) => Uint8Array): Uint8Array {
  for (let attempt = 0; ; attempt++) {
    const ip = draw(v6 || attempt > 50);
    if (taken.has(ip.join())) continue;
    taken.add(ip.join());
    return ip;
  }
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
  /** What is drawn from. */
  readonly dialogues: Readonly<Record<Label, readonly Share[]>>;
  readonly encapsulations: readonly { readonly weight: number; readonly value: EncapsulationName }[];
}

/** Expected connections per client: enough that most clients have flows of both labels. */
const FLOWS_PER_CLIENT = 4.5;

export function drawPopulation(prng: Prng, options: PopulationOptions): Population {
  const { name, network, flows, miningShare, flowsPerSite } = options;
  const taken = new Set<string>();
  const clients = Array.from({ length: Math.max(3, Math.round(flows / FLOWS_PER_CLIENT)) }, () => ({
    ip4: unused(taken, false, () => clientAddress(network, prng, false)),
    ip6: unused(taken, true, () => clientAddress(network, prng, true)),
    mac: macAddress(prng),
    stack: drawStack(prng),
  }));
  const sitesOf = (label: Label, share: number) => {
    const count = share > 0 ? Math.max(1, Math.ceil((flows * share) / flowsPerSite)) : 0;
    const group = `${name}/${label === 'mining' ? 'pool' : 'site'}`;
    return drawDialogues(prng, options.dialogues[label], count).map((dialogue, i) =>
      drawSite(prng.fork(`${label}${i}`), options, `${group}-${i + 1}`, dialogue, taken),
    );
  };
  return { clients, sites: { mining: sitesOf('mining', miningShare), other: sitesOf('other', 1 - miningShare) } };
}

/** Systematic sampling: evenly spaced points on the cumulated weights, so that small captures are as varied as large. */
function drawDialogues(prng: Prng, entries: readonly Share[], count: number): Dialogue[] {
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
