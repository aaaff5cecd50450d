/** Who is on the network of one capture: clients, the sites they visit, and which session goes where. */
import type { Prng } from '../../../core/prng.ts';
import { CATALOGUE } from '../dialogue/catalogue.ts';
import { type Dialogue, type Label, SECOND_US } from '../dialogue/message.ts';
import { ENCAPSULATIONS, type EncapsulationName } from '../encapsulation/channel.ts';
import { drawWrapping, type Wrapping } from '../encapsulation/wrapping.ts';
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
  capture: number,
  group: string,
  dialogue: Dialogue,
  encapsulation: EncapsulationName,
): Site {
  const host = drawHostName(prng, dialogue.label);
  const port = drawPort(prng, dialogue, encapsulation);
  const carrierPorts = CARRIER_PORTS[encapsulation];
  return {
    group,
    dialogue,
    host,
    ip: serverAddress(capture, prng, prng.chance(IPV6_SHARE)),
    port: carrierPorts ? prng.pick(carrierPorts) : port,
    stack: drawStack(prng),
    path: drawPath(prng),
    wrapping: drawWrapping(prng.fork('wrapping'), encapsulation, host, port),
    operatorSeed: prng.uint32(),
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
}

/** Expected connections per client: enough that most clients have flows of both labels. */
const FLOWS_PER_CLIENT = 4.5;

export function drawPopulation(prng: Prng, options: PopulationOptions): Population {
  const { name, network, flows, miningShare, flowsPerSite } = options;
  const clients = Array.from({ length: Math.max(3, Math.round(flows / FLOWS_PER_CLIENT)) }, () => ({
    ip4: clientAddress(network, prng, false),
    ip6: clientAddress(network, prng, true),
    mac: macAddress(prng),
    stack: drawStack(prng),
  }));
  const sitesOf = (label: Label, share: number) => {
    const count = share > 0 ? Math.max(1, Math.ceil((flows * share) / flowsPerSite)) : 0;
    const group = `${name}/${label === 'mining' ? 'pool' : 'site'}`;
    const dialogues = drawEvenly(prng, CATALOGUE[label], count);
    const encapsulations = assignEncapsulations(prng, dialogues);
    return dialogues.map((dialogue, i) =>
      drawSite(prng.fork(`${label}${i}`), network, `${group}-${i + 1}`, dialogue, encapsulations[i]!),
    );
  };
  return { clients, sites: { mining: sitesOf('mining', miningShare), other: sitesOf('other', 1 - miningShare) } };
}

const isWebSocket = (name: EncapsulationName) => name.startsWith('websocket');

/**
 * One encapsulation per site, in the same shares for either label. What speaks HTTP or WebSocket itself is not put into another
 * WebSocket: such a site changes places with one that can be, so that the shares stay what they are.
 */
export function assignEncapsulations(prng: Prng, dialogues: readonly Dialogue[]): EncapsulationName[] {
  const names = drawEvenly(prng, ENCAPSULATIONS, dialogues.length);
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

/** Session lengths, one distribution for both labels: half under three minutes, a few close to an hour. */
export function drawDurationUs(prng: Prng): number {
  return Math.min(3_600, Math.max(25, prng.logNormal(150, 1.05))) * SECOND_US;
}
