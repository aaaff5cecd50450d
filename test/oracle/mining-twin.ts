/**
 * The slow, obvious twin of the mining witness: the whole of what each side said, put in order first; objects found with
 * JSON.parse; every message judged as a plain object. It knows JSON lines and HTTP, no WebSocket, and no hole in a stream.
 */
import { tcpSegments } from '../features/protocol/pcap-helper.ts';

export interface TwinFlow {
  /** `address:port`. */
  readonly ends: readonly [string, string];
  /** All that each side said, in order; null where bytes are missing. */
  readonly said: readonly [Uint8Array | null, Uint8Array | null];
}

interface Connection {
  readonly ends: readonly [string, string];
  readonly first: [number | null, number | null];
  readonly bytes: [Map<number, number>, Map<number, number>];
}

/** One flow per TCP connection of a capture: a SYN with another sequence number begins another. */
export function twinFlows(path: string): TwinFlow[] {
  const open = new Map<string, Connection>();
  const all: Connection[] = [];
  for (const { source, destination, seq, syn, ack, payload } of tcpSegments(path)) {
    const key = [source, destination].sort().join(' ');
    let flow = open.get(key);
    const sideOf = (one: Connection) => (one.ends[0] === source ? 0 : 1);
    if (flow === undefined || (syn && !ack && flow.first[sideOf(flow)] !== (seq + 1) >>> 0)) {
      flow = { ends: [source, destination], first: [null, null], bytes: [new Map(), new Map()] };
      open.set(key, flow);
      all.push(flow);
    }
    const side = sideOf(flow);
    const start = syn ? (seq + 1) >>> 0 : seq;
    if (syn || (flow.first[side] === null && payload.length > 0)) flow.first[side] = start;
    if (payload.length === 0) continue;
    const offset = (start - flow.first[side]!) | 0;
    payload.forEach((byte, i) => {
      if (!flow.bytes[side].has(offset + i)) flow.bytes[side].set(offset + i, byte);
    });
  }
  return all.map(({ ends, bytes }) => ({ ends, said: [inOrder(bytes[0]), inOrder(bytes[1])] }));
}

function inOrder(bytes: ReadonlyMap<number, number>): Uint8Array | null {
  // A keep-alive before the first byte.
  const length = [...bytes.keys()].filter((offset) => offset >= 0).length;
  const whole = new Uint8Array(length);
  for (let i = 0; i < length; i++) {
    const byte = bytes.get(i);
    if (byte === undefined) return null;
    whole[i] = byte;
  }
  return whole;
}

/** What is said once a proxy has done its part: SOCKS speaks in small numbers, CONNECT in heads without a body. */
function spoken(bytes: Uint8Array): string {
  const text = new TextDecoder().decode(bytes);
  const behind = bytes[0]! <= 5 ? text.slice(Math.max(0, text.search(/[{]|POST |GET |HTTP\//))) : text;
  return behind
    .replace(/^CONNECT [\s\S]*?\r\n\r\n/, '')
    .replace(/^HTTP\/1.[01] 200[\s\S]*?\r\n\r\n(?=\{)/, (head) => (/length|type/i.test(head) ? head : ''));
}

/** Requests without a body that name extensions of getwork. */
function longPolls(bytes: Uint8Array | null): number {
  const heads = new TextDecoder().decode(bytes ?? new Uint8Array(0)).split('\r\n\r\n');
  return heads.filter((head) => /GET \S+ HTTP\/1/.test(head) && /^x-mining-extensions:/im.test(head)).length;
}

type Thing = Readonly<Record<string, unknown>>;

/** Whatever members it has: those that it lacks are undefined. */
const asThing = (value: unknown): Thing =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Thing) : {};
const asList = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const isHex = (value: unknown, least: number, most = 1e9) =>
  typeof value === 'string' &&
  new RegExp(`^(0x)?[0-9a-fA-F]{${least},}$`).test(value) &&
  value.replace(/^0x/, '').length <= most;

/** Bodies of HTTP messages, or the text itself. */
function bodies(text: string): string[] {
  if (!/^(POST|GET|HTTP\/1)/.test(text)) return [text];
  const found: string[] = [];
  for (let rest = text; ; ) {
    const head = /^(?:\r\n)*(?:POST|GET|HTTP\/1)[\s\S]*?\r\n\r\n/.exec(rest)?.[0];
    if (head === undefined) return found;
    rest = rest.slice(head.length);
    const length = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? (/^HTTP/.test(head.trim()) ? rest.length : 0));
    found.push(rest.slice(0, length));
    rest = rest.slice(length);
  }
}

/** The objects in a text, line by line; several in a line are told apart by trying each closing brace. */
function objectsIn(text: string): Thing[] {
  return text.split('\n').flatMap((line) => {
    const found: Thing[] = [];
    for (let rest = line.trim(); rest !== ''; ) {
      const parsed = firstParsed(rest);
      if (parsed === null) return found;
      found.push(...(Array.isArray(parsed.value) ? parsed.value.map(asThing) : [asThing(parsed.value)]));
      rest = rest.slice(parsed.length).trim();
    }
    return found;
  });
}

function firstParsed(text: string): { readonly value: unknown; readonly length: number } | null {
  const ends = [text.length, ...[...text.matchAll(/[}\]]/g)].map(({ index }) => index + 1)];
  for (const length of ends) {
    try {
      return { value: JSON.parse(text.slice(0, length)), length };
    } catch {
      // not up to here
    }
  }
  return null;
}

const isJob = (value: unknown) => {
  const { blob, target, job_id: job } = asThing(value);
  return isHex(blob, 100) && isHex(target, 1, 64) && job !== undefined;
};
const isEthWork = (value: unknown) =>
  asList(value).length >= 3 &&
  asList(value)
    .slice(0, 3)
    .every((one) => isHex(one, 64, 64) && String(one).startsWith('0x'));
const isTemplate = (value: unknown) =>
  ['bits', 'curtime', 'height'].every((name) => name in asThing(value)) &&
  isHex(asThing(value)['previousblockhash'], 64, 64);
const isWork = (value: unknown) => isHex(asThing(value)['data'], 160) && isHex(asThing(value)['target'], 64, 64);
const bringsWork = (result: unknown) =>
  isEthWork(result) || isJob(result) || isJob(asThing(result)['job']) || isWork(result) || isTemplate(result);

/** Requests by name: who says them, what they do, and what they must carry. */
const NAMES: Readonly<
  Record<string, readonly [who: 'miner' | 'pool', does: string, fits: (params: unknown) => boolean]>
> = {
  'mining.subscribe': ['miner', 'hello', () => true],
  'mining.hello': ['miner', 'hello', () => true],
  'mining.authorize': ['miner', 'login', (p) => typeof asList(p)[0] === 'string'],
  'mining.submit': ['miner', 'share', (p) => asList(p).length >= 3],
  'mining.configure': ['miner', 'settle', () => true],
  'mining.extranonce.subscribe': ['miner', 'settle', () => true],
  'mining.get_transactions': ['miner', 'ask', () => true],
  'mining.noop': ['miner', 'alive', () => true],
  'mining.hashrate': ['miner', 'alive', () => true],
  'mining.notify': ['pool', 'job', (p) => asList(p).length >= 3],
  'mining.set_difficulty': ['pool', 'other', () => true],
  'mining.set_target': ['pool', 'other', () => true],
  'mining.set_extranonce': ['pool', 'other', () => true],
  'mining.set': ['pool', 'other', () => true],
  'mining.reconnect': ['pool', 'other', () => true],
  'client.reconnect': ['pool', 'other', () => true],
  'client.show_message': ['pool', 'other', () => true],
  eth_submitLogin: ['miner', 'login', () => true],
  eth_getWork: ['miner', 'ask', () => true],
  eth_submitWork: ['miner', 'share', (p) => isHex(asList(p)[1], 64, 64)],
  eth_submitHashrate: ['miner', 'alive', () => true],
  login: ['miner', 'login', (p) => typeof asThing(p)['login'] === 'string' && 'pass' in asThing(p)],
  submit: ['miner', 'share', (p) => isHex(asThing(p)['nonce'], 8, 16) && isHex(asThing(p)['result'], 64, 64)],
  keepalived: ['miner', 'alive', () => true],
  job: ['pool', 'job', isJob],
  getwork: ['miner', 'ask', () => true],
  getblocktemplate: ['miner', 'ask', () => true],
  submitblock: ['miner', 'share', () => true],
};

export interface TwinCounts {
  miner: number;
  logins: number;
  shares: number;
  accepted: number;
  rejected: number;
  jobs: number;
}

/** What a flow says, null if nothing of mining. */
export function twinCounts({ said }: TwinFlow): TwinCounts | null {
  const messages = said.map((bytes) => {
    const text = spoken(bytes ?? new Uint8Array(0));
    return bodies(text).flatMap(objectsIn);
  });
  const counts: TwinCounts = { miner: 0, logins: 0, shares: 0, accepted: 0, rejected: 0, jobs: 0 };
  let found = false;
  for (const [side, own] of messages.entries()) {
    const asked: { id: unknown; does: string }[] = [];
    for (const message of own) {
      const does = countRequest(message, counts);
      found ||= does !== null;
      if (does !== null) asked.push({ id: message['id'], does });
    }
    const polls = longPolls(said[side] ?? null);
    counts.miner += polls;
    found ||= polls > 0;
    for (const reply of messages[1 - side]!.filter((message) => !('method' in message))) {
      const { result, error, id } = reply;
      const at = asked.findIndex((request) => request.id === id);
      if (at < 0 || asked.splice(at, 1)[0]!.does !== 'share') continue;
      const isError = error !== undefined && error !== null;
      const isNo =
        isError || result === false || (result === null && own.every(({ method }) => method !== 'submitblock'));
      counts[isNo ? 'rejected' : 'accepted']++;
    }
  }
  const replies = messages.flat().filter((message) => !('method' in message) && bringsWork(message['result']));
  counts.jobs += replies.length;
  return found || replies.length > 0 ? counts : null;
}

/** Counts a request and returns what it does, null if it is none of mining. */
function countRequest({ method, params }: Thing, counts: TwinCounts): string | null {
  const rule = NAMES[String(method)];
  if (rule === undefined || !rule[2](params)) return null;
  // A getwork with a parameter hands in, and a submitblock without one does not.
  const first = asList(params)[0];
  const does =
    method === 'getwork' && isHex(first, 160)
      ? 'share'
      : method === 'submitblock' && !isHex(first, 160)
        ? 'settle'
        : rule[1];
  if (rule[0] === 'miner') counts.miner++;
  if (does === 'login') counts.logins++;
  if (does === 'share') counts.shares++;
  if (does === 'job') counts.jobs++;
  return does;
}
