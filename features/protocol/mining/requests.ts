/**
 * Requests and notifications of mining protocols, told by their name and by the shape of what they carry: a name alone is
 * not enough. Stratum v1: Slush Pool's definition, BIP 310 (mining.configure), ZIP 301 (mining.set_target); NiceHash's
 * EthereumStratum/1.0.0; EthereumStratum/2.0.0 (EIP 1571); ethproxy as pools for Ethereum took it; the JSON-RPC of
 * CryptoNote pools as XMRig writes it; getwork and getblocktemplate (BIP 22).
 */
import { Act, type Dialect, Role } from './dialects.ts';
import { Key } from './json-keys.ts';
import { JsonKind, type JsonMessage } from './json-message.ts';

/** What a request of some name is, if it fits. */
export interface RequestRule {
  readonly act: Act;
  readonly role: Role;
  readonly dialect: Dialect;
  /** @param params value of the message's `params`, -1 if it has none */
  readonly fits: (message: JsonMessage, params: number) => boolean;
  /** Too common a name to say anything, unless the flow has spoken of mining before. */
  readonly needsMore?: true;
}

type Fits = RequestRule['fits'];

const { Object: OBJECT, Array: ARRAY, String: STRING } = JsonKind;

const isArray: Fits = (m, p) => m.kind(p) === ARRAY;
const isObject: Fits = (m, p) => m.kind(p) === OBJECT;
const isAny: Fits = () => true;
const isArrayOrNothing: Fits = (m, p) => p < 0 || m.kind(p) === ARRAY || m.kind(p) === JsonKind.Null;
/** An array that begins with so many strings. */
const begins =
  (strings: number): Fits =>
  (m, p) => {
    for (let i = 0; i < strings; i++) if (!m.isString(m.item(p, i))) return false;
    return true;
  };
const isEmpty: Fits = (m, p) => m.kind(p) === ARRAY && m.items(p) === 0;
const hexAt = (m: JsonMessage, p: number, place: number, least: number, most = Infinity) =>
  m.isHex(m.item(p, place), least, most);
const numberAt0: Fits = (m, p) => Number.isFinite(m.number(m.item(p, 0)));
const member = (m: JsonMessage, p: number, key: number) => m.member(p, key);

/** A share of 32-byte hash and nonce, with the number of the job that it solves. */
const isShare: Fits = (m, p) =>
  m.kind(member(m, p, Key.job_id)) !== JsonKind.None &&
  m.isHex(member(m, p, Key.nonce), 8, 16) &&
  m.isHex(member(m, p, Key.result), 64, 64);

/** CryptoNote's work: a hashing blob (76 bytes at least), its number, and a target. */
export const isCryptonoteJob: Fits = (m, p) =>
  m.isHex(member(m, p, Key.blob), 100) &&
  m.kind(member(m, p, Key.job_id)) !== JsonKind.None &&
  m.isHex(member(m, p, Key.target), 1, 64);

/** Ethash's work: header hash, seed hash and boundary (and the block's number, in some pools). */
export const isEthWork: Fits = (m, p) =>
  m.items(p) >= 3 && [0, 1, 2].every((i) => hexAt(m, p, i, 64, 64) && m.hasPrefix(m.item(p, i)));

/** A solution of Ethash: nonce, header hash and mix digest. */
const isEthShare: Fits = (m, p) =>
  hexAt(m, p, 0, 1, 16) && hexAt(m, p, 1, 64, 64) && hexAt(m, p, 2, 64, 64) && m.hasPrefix(m.item(p, 1));

/** EthereumStratum's notify: job, two hashes (or the block and one), and whether work before is stale. */
export const isEthereumNotify: Fits = (m, p) =>
  m.items(p) === 4 && hexAt(m, p, 2, 64, 64) && !m.hasPrefix(m.item(p, 2)) && hexAt(m, p, 1, 1, 64);

const miner = (act: Act, dialect: Dialect, fits: Fits): RequestRule => ({ act, role: Role.Miner, dialect, fits });
const pool = (act: Act, dialect: Dialect, fits: Fits): RequestRule => ({ act, role: Role.Pool, dialect, fits });
const V1 = 'stratum-v1';
const ES2 = 'ethereum-stratum-2';

const METHODS: ReadonlyMap<string, RequestRule> = new Map<string, RequestRule>([
  ['mining.subscribe', miner(Act.Subscribe, V1, (m, p) => isArrayOrNothing(m, p) || m.kind(p) === STRING)],
  ['mining.hello', miner(Act.Subscribe, ES2, isObject)],
  ['mining.authorize', miner(Act.Authorise, V1, begins(1))],
  ['mining.submit', miner(Act.Submit, V1, begins(3))],
  ['mining.configure', miner(Act.Settle, V1, (m, p) => m.kind(m.item(p, 0)) === ARRAY)],
  ['mining.extranonce.subscribe', miner(Act.Settle, V1, isArrayOrNothing)],
  ['mining.suggest_difficulty', miner(Act.Settle, V1, isArray)],
  ['mining.suggest_target', miner(Act.Settle, V1, isArray)],
  ['mining.multi_version', miner(Act.Settle, V1, isArray)],
  ['mining.get_transactions', miner(Act.Ask, V1, isArray)],
  ['mining.hashrate', miner(Act.KeepAlive, ES2, begins(1))],
  ['mining.noop', miner(Act.KeepAlive, ES2, isAny)],
  ['mining.ping', { act: Act.KeepAlive, role: Role.Either, dialect: V1, fits: isArrayOrNothing }],
  ['mining.pong', { act: Act.KeepAlive, role: Role.Either, dialect: V1, fits: isArrayOrNothing }],
  ['mining.bye', { act: Act.Notice, role: Role.Either, dialect: ES2, fits: isAny }],
  ['mining.notify', pool(Act.Job, V1, (m, p) => m.items(p) >= 3)],
  ['mining.set_difficulty', pool(Act.Difficulty, V1, numberAt0)],
  ['mining.set_target', pool(Act.Difficulty, V1, (m, p) => hexAt(m, p, 0, 8, 64))],
  ['mining.set_extranonce', pool(Act.Notice, V1, begins(1))],
  ['mining.set_version_mask', pool(Act.Notice, V1, begins(1))],
  ['mining.set', pool(Act.Difficulty, ES2, isObject)],
  ['mining.reconnect', pool(Act.Notice, ES2, isAny)],
  ['client.reconnect', { ...pool(Act.Notice, V1, isArrayOrNothing), needsMore: true }],
  ['client.show_message', { ...pool(Act.Notice, V1, isArray), needsMore: true }],
  ['client.get_version', { ...pool(Act.Notice, V1, isArrayOrNothing), needsMore: true }],
  ['eth_submitLogin', miner(Act.Authorise, 'ethproxy', begins(1))],
  ['eth_getWork', miner(Act.Ask, 'ethproxy', isArrayOrNothing)],
  ['eth_submitWork', miner(Act.Submit, 'ethproxy', isEthShare)],
  ['eth_submitHashrate', miner(Act.KeepAlive, 'ethproxy', (m, p) => hexAt(m, p, 0, 1, 64))],
  [
    'login',
    miner(
      Act.Authorise,
      'cryptonote',
      (m, p) =>
        m.isString(member(m, p, Key.login)) &&
        (m.isString(member(m, p, Key.pass)) || m.isString(member(m, p, Key.agent))),
    ),
  ],
  ['submit', miner(Act.Submit, 'cryptonote', isShare)],
  ['job', pool(Act.Job, 'cryptonote', isCryptonoteJob)],
  ['keepalived', miner(Act.KeepAlive, 'cryptonote', isObject)],
  ['getjob', { ...miner(Act.Ask, 'cryptonote', isObject), needsMore: true }],
  ['getwork', miner(Act.Ask, 'getwork', isArrayOrNothing)],
  ['getblocktemplate', miner(Act.Ask, 'getblocktemplate', isArrayOrNothing)],
  ['submitblock', miner(Act.Submit, 'getblocktemplate', (m, p) => hexAt(m, p, 0, 160) || isEmpty(m, p))],
]);

/** Coinhive's messages, which say their name as `type`. */
const TYPES: ReadonlyMap<string, RequestRule> = new Map<string, RequestRule>([
  ['auth', miner(Act.Authorise, 'coinhive', (m, p) => m.isString(member(m, p, Key.site_key)))],
  ['authed', pool(Act.Notice, 'coinhive', (m, p) => member(m, p, Key.token) >= 0 && member(m, p, Key.hashes) >= 0)],
  ['job', pool(Act.Job, 'coinhive', isCryptonoteJob)],
  ['submit', miner(Act.Submit, 'coinhive', isShare)],
  ['hash_accepted', pool(Act.Notice, 'coinhive', (m, p) => Number.isFinite(m.number(member(m, p, Key.hashes))))],
]);

/** The rule of a request or notification of this name that the message fits, or null. */
export function requestRule(message: JsonMessage): RequestRule | null {
  const method = message.member(0, Key.method);
  const isCoinhive = !message.isString(method);
  const name = isCoinhive ? message.member(0, Key.type) : method;
  if (!message.isString(name)) return null;
  const rule = (isCoinhive ? TYPES : METHODS).get(message.latin1(name));
  if (rule === undefined) return null;
  const params = message.member(0, Key.params);
  if (!rule.fits(message, params)) return null;
  // A getwork with a parameter hands in what was found; a submitblock without one only asks whether there is such a method.
  if (rule.dialect === 'getwork' && hexAt(message, params, 0, 160)) return GETWORK_SUBMIT;
  return rule.dialect === 'getblocktemplate' && rule.act === Act.Submit && isEmpty(message, params)
    ? BLOCK_PROBE
    : rule;
}

const GETWORK_SUBMIT = miner(Act.Submit, 'getwork', isAny);
const BLOCK_PROBE = miner(Act.Settle, 'getblocktemplate', isAny);
