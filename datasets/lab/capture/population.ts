/** Who is on the network of one capture: clients, the sites they visit, and which session goes where. */
import type { Prng } from '../../../core/prng.ts';
import { CATALOGUE } from '../dialogue/catalogue.ts';
import { type Dialogue, type Label, SECOND_US, type Share, type Side } from '../dialogue/message.ts';
import { type EncapsulationName, hasTls } from '../encapsulation/channel.ts';
import { drawWrapping, type Wrapping } from '../encapsulation/wrapping.ts';
import type { ActiveEvasion } from '../evasion/evasion.ts';
import { drawEvasions, type EvasionOptions, evadeName } from '../evasion/plan.ts';
import { drawPath, type Path } from '../transport/path.ts';
import { drawStack, type Stack } from '../transport/stack.ts';
import { clientAddress, macAddress, serverAddress } from './address.ts';
import { drawEvenly } from './evenly.ts';
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
  readonly wrapping: Wrapping;
  readonly operatorSeed: number;
  /** Where the two directions take different ways: which one comes by the tap, and how likely that is, 0 the likeliest. */
  readonly route: { readonly seen: Side; readonly rank: number };
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
/** Ports that the way there decides, whatever is at its end: fronts of networks, proxies' and SSH's usual ones. */
const CARRIER_PORTS: Readonly<Partial<Record<EncapsulationName, readonly number[]>>> = {
  websocket: [80, 80, 80, 8080, 8880, 8765],
  'websocket-tls': [443, 443, 443, 443, 8443, 2053, 2096],
  'http-connect': [3128, 3128, 8080, 8888],
  'http-connect-tls': [3128, 3128, 8080, 8888],
  socks5: [1080, 1080, 1081, 9050],
  'socks5-tls': [1080, 1080, 1081, 9050],
  'ssh-tunnel': [22, 22, 22, 22, 2222, 443],
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
  options: PopulationOptions,
  group: string,
  dialogue: Dialogue,
  encapsulation: EncapsulationName,
  taken: Set<string>,
): Site {
  const evading = prng.fork('evasions');
  const evasions = drawEvasions(evading, 'site', { dialogue, sealed: hasTls(encapsulation) }, options.evasions);
  const host = evadeName(drawHostName(prng, dialogue.label), evasions, evading);
  const port = drawPort(prng, dialogue, encapsulation);
  const carrierPorts = CARRIER_PORTS[encapsulation];
  const ipv6 = prng.chance(IPV6_SHARE);
  return {
    group,
    dialogue,
    host,
    ip: unused(taken, ipv6, (v6) => serverAddress(options.network, prng, v6)),
    port: carrierPorts ? prng.pick(carrierPorts) : port,
    stack: drawStack(prng),
    path: drawPath(prng),
    wrapping: drawWrapping(prng.fork('wrapping'), encapsulation, host, port),
    operatorSeed: prng.uint32(),
    route: { seen: prng.chance(0.5) ? 'client' : 'server', rank: prng.float() },
    evasions,
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
  readonly evasions: EvasionOptions;
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
    const dialogues = drawEvenly(prng, options.dialogues[label], count);
    const encapsulations = assignEncapsulations(prng, dialogues, options.encapsulations);
    return dialogues.map((dialogue, i) =>
      drawSite(prng.fork(`${label}${i}`), options, `${group}-${i + 1}`, dialogue, encapsulations[i]!, taken),
    );
  };
  return { clients, sites: { mining: sitesOf('mining', miningShare), other: sitesOf('other', 1 - miningShare) } };
}

const isWebSocket = (name: EncapsulationName) => name.startsWith('websocket');

/**
 * One encapsulation per site, in the same shares for either label. What speaks HTTP or WebSocket itself is not put into another
 * WebSocket: such a site changes places with one that can be, so that the shares stay what they are.
 */
export function assignEncapsulations(
  prng: Prng,
  dialogues: readonly Dialogue[],
  shares: PopulationOptions['encapsulations'],
): EncapsulationName[] {
  const names = drawEvenly(prng, shares, dialogues.length);
  // In order from a random place, each taken once; nothing left to change with means a tunnel in WebSocket, which exists too.
  const takers = prng.shuffle(names.flatMap((name, i) => (isWebSocket(name) || dialogues[i]!.speaksHttp ? [] : [i])));
  names.forEach((name, i) => {
    const taker = isWebSocket(name) && dialogues[i]!.speaksHttp ? takers.pop() : undefined;
    if (taker === undefined) return;
    names[i] = names[taker]!;
    names[taker] = name;
  });
  return names;
}

/** Session lengths, one distribution for both labels: half under six minutes, one in twenty-five an hour. Chosen. */
export function drawDurationUs(prng: Prng): number {
  return Math.min(3_600, Math.max(25, prng.logNormal(360, 1.3))) * SECOND_US;
}
