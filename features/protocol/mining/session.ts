/** What miner and pool have said to each other in one flow, message by message, in memory that does not grow. */
import { Act, type Dialect, type MiningTransport, Role } from './dialects.ts';
import { Key } from './json-keys.ts';
import { JsonKind, type JsonMessage } from './json-message.ts';
import { MINING_LIMITS } from './limits.ts';
import { coinOf, LEAST_WALLET, type ShowAccount, shownWorker, splitLogin } from './login.ts';
import { Answer, answerTo, isReply, workDialect } from './replies.ts';
import { isEthereumNotify, isEthWork, type RequestRule, requestRule } from './requests.ts';

/** Counts of one part of a flow. */
export interface MiningCounts {
  minerMessages: number;
  poolMessages: number;
  authorisations: number;
  authorised: number;
  submissions: number;
  accepted: number;
  rejected: number;
  jobs: number;
  keepAlives: number;
  /** Requests whose answer was read and is what a pool answers. */
  answered: number;
  difficulties: number;
  /** Times that the place in the stream was lost: bytes missing, no JSON, more of it than is read. */
  lost: number;
}

/** What is known of a flow that speaks of mining; does not change any more. */
export interface MiningSummary extends Readonly<MiningCounts> {
  readonly dialect: Dialect;
  readonly transport: MiningTransport;
  /** The side that mines, null if it cannot be told. */
  readonly miner: 0 | 1 | null;
  /** A request and its answer, or a miner's and a pool's message, were read in this flow. */
  readonly isProven: boolean;
  readonly agent: string | null;
  readonly algorithm: string | null;
  readonly coin: string | null;
  readonly pool: string | null;
  readonly worker: string | null;
  /** The account, or what replaces it. */
  readonly login: string | null;
  readonly loginLength: number | null;
  readonly firstDifficulty: number | null;
  readonly lastDifficulty: number | null;
  /** Null if fewer than two requests have numbers. */
  readonly isCounting: boolean | null;
  /** Times, us since 1970: of the first message, and of the one that proved it; null while there is none. */
  readonly firstUs: number;
  readonly provenUs: number | null;
  /** Payload packets up to these messages, theirs included. */
  readonly firstPackets: number;
  readonly provenPackets: number | null;
}

/** How a session makes text of bytes that may be anything, and what it shows of accounts. */
export interface MiningTexts {
  readonly text: (bytes: Uint8Array, at: number, end: number) => string;
  readonly showAccount: ShowAccount;
}

/** Equihash's solution (n = 200, k = 9): 1344 bytes behind their compact size, fd4005. */
const SOLUTION_DIGITS = 2694;
const SOLUTION_START = 'fd4005';
const ETHEREUM_STRATUM = /^EthereumStratum\/([12])\./;
/** A CryptoNote target of four bytes is out of 2^32, one of eight out of 2^64; Ethash's boundary out of 2^256. */
const TARGET_32 = 2 ** 32;
const TARGET_64 = 2 ** 64;
const TARGET_256 = 2 ** 256;

/** A share of job, nonce and worker: EthereumStratum's, where Stratum v1 has five parameters. */
const SHORT_SHARE = 3;

/** A request whose answer has not come. */
interface Awaited {
  readonly id: number | string;
  readonly act: Act;
  readonly isShort: boolean;
}

export class MiningSession {
  counts: MiningCounts = noCounts();
  /** Messages that were none of mining, since the first one or ever. */
  strangers = 0;
  /** Payload packets that were looked at. */
  packets = 0;
  transport: MiningTransport = 'tcp';
  #dialect: Dialect | null = null;
  #miner = -1;
  #isProven = false;
  #hasSaid: [miner: boolean, pool: boolean] = [false, false];
  #agent: string | null = null;
  #algorithm: string | null = null;
  #coin: string | null = null;
  #pool: string | null = null;
  #worker: string | null = null;
  #login: string | null = null;
  #loginLength: number | null = null;
  #firstDifficulty: number | null = null;
  #lastDifficulty: number | null = null;
  #lastId = -Infinity;
  #ids = 0;
  #isCounting = true;
  #firstUs = 0;
  #firstPackets = 0;
  #provenUs = -1;
  #provenPackets = -1;
  readonly #awaited: Awaited[] = [];
  readonly #texts: MiningTexts;

  constructor(texts: MiningTexts) {
    this.#texts = texts;
  }

  get isMining(): boolean {
    return this.#dialect !== null;
  }

  /** Takes a message of a side; returns whether it is one of mining. */
  take(side: 0 | 1, message: JsonMessage, us: number): boolean {
    const rule = requestRule(message);
    const isKnown =
      rule === null ? isReply(message) && this.#reply(side, message, us) : this.#request(side, message, rule, us);
    if (!isKnown) this.strangers++;
    return isKnown;
  }

  /** The user and the program that an HTTP request names. */
  introduce(user: string | null, agent: string | null): void {
    if (user !== null) this.#setLogin(user);
    this.#agent ??= agent;
  }

  /** The side waits for the next work by a request of HTTP that says it mines by getwork. */
  longPoll(side: 0 | 1, us: number): void {
    if (!this.#plays(side, Role.Miner)) return;
    this.#begin('getwork', us);
    this.#said(Role.Miner, us);
  }

  /** Another part of the flow begins: what is known stays, counts begin anew. */
  beginPart(): void {
    this.counts = noCounts();
  }

  summary(): MiningSummary | null {
    if (this.#dialect === null) return null;
    return {
      ...this.counts,
      dialect: this.#dialect,
      transport: this.transport,
      miner: this.#miner < 0 ? null : (this.#miner as 0 | 1),
      isProven: this.#isProven,
      agent: this.#agent,
      algorithm: this.#algorithm,
      coin: this.#coin,
      pool: this.#pool,
      worker: this.#worker,
      login: this.#login,
      loginLength: this.#loginLength,
      firstDifficulty: this.#firstDifficulty,
      lastDifficulty: this.#lastDifficulty,
      isCounting: this.#ids < 2 ? null : this.#isCounting,
      firstUs: this.#firstUs,
      provenUs: this.#isProven ? this.#provenUs : null,
      firstPackets: this.#firstPackets,
      provenPackets: this.#isProven ? this.#provenPackets : null,
    };
  }

  #request(side: 0 | 1, m: JsonMessage, rule: RequestRule, us: number): boolean {
    if (rule.needsMore && this.#dialect === null) return false;
    if (!this.#plays(side, rule.role)) return false;
    this.#begin(rule.dialect, us);
    this.#count(rule.act);
    if (rule.role === Role.Miner) this.#await(m, rule);
    this.#said(rule.role === Role.Either ? this.#roleOf(side) : rule.role, us);
    this.#learn(m, rule.act);
    return true;
  }

  /** Whether the side may play the role: who mines once does not hand out work. */
  #plays(side: 0 | 1, role: Role): boolean {
    if (role === Role.Either) return true;
    const miner = role === Role.Miner ? side : 1 - side;
    if (this.#miner < 0) this.#miner = miner;
    return this.#miner === miner;
  }

  #roleOf(side: 0 | 1): Role {
    return this.#miner < 0 ? Role.Either : this.#miner === side ? Role.Miner : Role.Pool;
  }

  #begin(dialect: Dialect, us: number): void {
    if (this.#dialect === null) {
      this.#firstUs = us;
      this.#firstPackets = this.packets;
      this.#dialect = dialect === 'ethproxy' && this.transport === 'http' ? 'eth-getwork' : dialect;
    } else if (this.#dialect === 'stratum-v1' && dialect === 'ethereum-stratum-2') this.#dialect = dialect;
  }

  #count(act: Act): void {
    const { counts } = this;
    if (act === Act.Authorise) counts.authorisations++;
    else if (act === Act.Submit) counts.submissions++;
    else if (act === Act.Job) counts.jobs++;
    else if (act === Act.KeepAlive) counts.keepAlives++;
  }

  /** Counts a message of the role; the first of the second role proves that both are what they seem. */
  #said(role: Role, us: number): void {
    if (role === Role.Miner) this.counts.minerMessages++;
    else this.counts.poolMessages++;
    if (role !== Role.Either) this.#hasSaid[role] = true;
    if (this.#hasSaid[Role.Miner] && this.#hasSaid[Role.Pool]) this.#prove(us);
  }

  #prove(us: number): void {
    if (this.#isProven) return;
    this.#isProven = true;
    this.#provenUs = us;
    this.#provenPackets = this.packets;
  }

  #await(m: JsonMessage, { act }: RequestRule): void {
    const id = idOf(m);
    if (id === null) return;
    if (typeof id === 'number') {
      if (++this.#ids > 1 && id < this.#lastId) this.#isCounting = false;
      this.#lastId = id;
    }
    if (this.#awaited.length === MINING_LIMITS.requests) this.#awaited.shift();
    const isShort = act === Act.Submit && m.items(m.member(0, Key.params)) === SHORT_SHARE;
    this.#awaited.push({ id, act, isShort });
  }

  #reply(side: 0 | 1, m: JsonMessage, us: number): boolean {
    const work = workDialect(m);
    if (this.#miner === side || (work === null && this.#dialect === null)) return false;
    const request = this.#requestOf(m);
    const answer = request === null ? Answer.Strange : this.#answerTo(request, m);
    if (answer === Answer.Strange && work === null) return false;
    this.#plays(side, Role.Pool);
    if (work !== null) {
      this.#begin(work, us);
      this.#count(Act.Job);
    }
    if (request !== null && answer !== Answer.Strange) this.#answered(request.act, answer === Answer.Accepted, us);
    this.#said(Role.Pool, us);
    this.#learnOfReply(m);
    return true;
  }

  #answerTo({ act, isShort }: Awaited, m: JsonMessage): Answer {
    const mayBeSilent = this.#dialect === 'ethereum-stratum-2' || (this.#dialect === 'stratum-v1' && isShort);
    const answer = answerTo(act, this.#dialect!, mayBeSilent, m);
    if (answer === Answer.Accepted && m.member(0, Key.result) < 0) this.#dialect = 'ethereum-stratum-2';
    return answer;
  }

  /** The request that is answered: the first of its number; over HTTP, where each waits for its answer, else the last one. */
  #requestOf(m: JsonMessage): Awaited | null {
    const id = idOf(m);
    const awaited = this.#awaited;
    let at = awaited.findIndex((request) => request.id === id);
    if (at < 0 && this.transport === 'http') at = awaited.length - 1;
    return at < 0 ? null : awaited.splice(at, 1)[0]!;
  }

  #answered(act: Act, isAccepted: boolean, us: number): void {
    const { counts } = this;
    counts.answered++;
    this.#prove(us);
    if (act === Act.Authorise && isAccepted) counts.authorised++;
    if (act === Act.Submit && isAccepted) counts.accepted++;
    if (act === Act.Submit && !isAccepted) counts.rejected++;
  }

  /** What a request or notification says beside what it is. */
  #learn(m: JsonMessage, act: Act): void {
    const params = m.member(0, Key.params);
    if (act === Act.Subscribe) this.#learnOfSubscription(m, params);
    if (act === Act.Authorise) this.#learnOfLogin(m, params);
    if (act === Act.Submit) this.#learnOfShare(m, params);
    if (act === Act.Job) this.#learnOfJob(m, params);
    if (act === Act.Difficulty) this.#learnOfDifficulty(m, params);
    const worker = m.member(0, Key.worker);
    if (m.isString(worker) && m.lengths[worker]! > 0) this.#setWorker(this.#text(m, worker, MINING_LIMITS.loginBytes));
  }

  /** `[agent, session or protocol, host, port]` (ZIP 301), or an object (EIP 1571). */
  #learnOfSubscription(m: JsonMessage, params: number): void {
    const isObject = m.kind(params) === JsonKind.Object;
    this.#setAgent(m, isObject ? m.member(params, Key.agent) : m.item(params, 0));
    this.#setVersion(m.latin1(isObject ? m.member(params, Key.proto) : m.item(params, 1)));
    const host = isObject ? m.member(params, Key.host) : m.item(params, 2);
    if (!m.isString(host) || m.lengths[host]! === 0 || this.#pool !== null) return;
    const port = m.number(isObject ? m.member(params, Key.port) : m.item(params, 3));
    const name = this.#text(m, host, MINING_LIMITS.hostBytes);
    this.#pool = Number.isInteger(port) && !isObject ? `${name}:${port}` : name;
  }

  #setVersion(protocol: string): void {
    const version = ETHEREUM_STRATUM.exec(protocol)?.[1];
    if (version === '1') this.#dialect = 'ethereum-stratum-1';
    if (version === '2') this.#dialect = 'ethereum-stratum-2';
  }

  #learnOfLogin(m: JsonMessage, params: number): void {
    const isObject = m.kind(params) === JsonKind.Object;
    const [login, site] = [m.member(params, Key.login), m.member(params, Key.site_key)];
    const named = isObject ? (site >= 0 ? site : login) : m.item(params, 0);
    if (m.isString(named) && m.lengths[named]! > 0) this.#setLogin(this.#text(m, named, MINING_LIMITS.loginBytes));
    if (!isObject) return;
    this.#setAgent(m, m.member(params, Key.agent));
    const rig = m.member(params, Key.rigid);
    const user = m.member(params, Key.user);
    const worker = m.isString(rig) && m.lengths[rig]! > 0 ? rig : user;
    if (m.isString(worker) && m.lengths[worker]! > 0) this.#setWorker(this.#text(m, worker, MINING_LIMITS.loginBytes));
    const algorithms = m.member(params, Key.algo);
    if (m.items(algorithms) === 1) this.#setAlgorithm(m, m.item(algorithms, 0));
  }

  #learnOfShare(m: JsonMessage, params: number): void {
    if (m.kind(params) === JsonKind.Object) this.#setAlgorithm(m, m.member(params, Key.algo));
    const solution = m.item(params, 4);
    if (m.isHex(solution, SOLUTION_DIGITS, SOLUTION_DIGITS) && m.latin1(solution).startsWith(SOLUTION_START)) {
      this.#algorithm ??= 'equihash/200_9';
    }
    // A miner whose login was not seen names it in each share of Stratum v1.
    const user = m.item(params, 0);
    const isNamed = m.items(params) >= 5 || this.#dialect === 'ethereum-stratum-1';
    if (isNamed && this.#login === null && m.isString(user))
      this.#setLogin(this.#text(m, user, MINING_LIMITS.loginBytes));
  }

  #learnOfJob(m: JsonMessage, params: number): void {
    if (m.kind(params) === JsonKind.Object) {
      this.#setAlgorithm(m, m.member(params, Key.algo));
      this.#setTarget(m, m.member(params, Key.target));
    } else if (this.#dialect === 'stratum-v1' && isEthereumNotify(m, params)) {
      const isSecond = m.isString(m.item(params, 3));
      this.#dialect = isSecond ? 'ethereum-stratum-2' : 'ethereum-stratum-1';
    }
  }

  #learnOfDifficulty(m: JsonMessage, params: number): void {
    if (m.kind(params) === JsonKind.Object) {
      this.#setAlgorithm(m, m.member(params, Key.algo));
      if (m.member(params, Key.target) >= 0) this.#setDifficulty(Number.NaN);
    } else this.#setDifficulty(m.isHex(m.item(params, 0), 64, 64) ? Number.NaN : m.number(m.item(params, 0)));
  }

  #learnOfReply(m: JsonMessage): void {
    const result = m.member(0, Key.result);
    if (isEthWork(m, result)) this.#setDifficulty(TARGET_256 / Number(m.latin1(m.item(result, 2))), true);
    const named = m.item(m.item(result, 0), 2);
    if (m.isString(named)) this.#setVersion(m.latin1(named));
    const proto = m.member(result, Key.proto);
    if (m.isString(proto)) this.#setVersion(m.latin1(proto));
    const job = m.member(result, Key.job) < 0 ? result : m.member(result, Key.job);
    if (!isCryptonote(this.#dialect)) return;
    this.#setAlgorithm(m, m.member(job, Key.algo));
    this.#setTarget(m, m.member(job, Key.target));
  }

  /** A compact target of CryptoNote: four or eight bytes, the low ones first. */
  #setTarget(m: JsonMessage, target: number): void {
    if (!m.isHex(target, 8, 16)) return;
    const bytes = m.latin1(target).match(/../g) ?? [];
    const value = Number.parseInt([...bytes].reverse().join(''), 16);
    if (value > 0) this.#setDifficulty((bytes.length === 4 ? TARGET_32 : TARGET_64) / value, true);
  }

  /** @param isRepeated whether it comes with each job, so that only a change says something */
  #setDifficulty(difficulty: number, isRepeated = false): void {
    const isNew = !isRepeated || difficulty !== this.#lastDifficulty;
    if (isNew) this.counts.difficulties++;
    if (!Number.isFinite(difficulty) || difficulty <= 0) return;
    this.#firstDifficulty ??= difficulty;
    this.#lastDifficulty = difficulty;
  }

  #setAgent(m: JsonMessage, value: number): void {
    if (this.#agent !== null || !m.isString(value) || m.lengths[value] === 0) return;
    this.#agent = this.#text(m, value, MINING_LIMITS.agentBytes);
  }

  #setAlgorithm(m: JsonMessage, value: number): void {
    if (!m.isString(value) || m.lengths[value] === 0 || this.#algorithm !== null) return;
    this.#algorithm = this.#text(m, value, MINING_LIMITS.algorithmBytes);
  }

  #setLogin(login: string): void {
    if (this.#login !== null || login === '') return;
    const { account, worker } = splitLogin(login);
    const { showAccount } = this.#texts;
    this.#login = showAccount(account);
    this.#loginLength = account.length;
    this.#coin = coinOf(account);
    if (worker !== '') this.#worker = shownWorker(worker, account, showAccount);
  }

  /** The name of a machine; where a whole login stands in its place, what that says of one. */
  #setWorker(named: string): void {
    if (this.#worker !== null) return;
    const { account, worker } = splitLogin(named);
    const isLogin = worker !== '' && account.length >= LEAST_WALLET;
    this.#worker = shownWorker(isLogin ? worker : named, account, this.#texts.showAccount);
  }

  #text(m: JsonMessage, value: number, most: number): string {
    const at = m.textAt[value]!;
    return this.#texts.text(m.text, at, Math.min(m.textEnd[value]!, at + most));
  }
}

function isCryptonote(dialect: Dialect | null): boolean {
  return dialect === 'cryptonote' || dialect === 'coinhive';
}

/** A request's number, or the text in its place; null if it has none. */
function idOf(m: JsonMessage): number | string | null {
  const id = m.member(0, Key.id);
  if (m.isString(id)) return `"${m.latin1(id)}`;
  const number = m.kind(id) === JsonKind.Number ? m.number(id) : Number.NaN;
  return Number.isNaN(number) ? null : number;
}

export function noCounts(): MiningCounts {
  return {
    minerMessages: 0,
    poolMessages: 0,
    authorisations: 0,
    authorised: 0,
    submissions: 0,
    accepted: 0,
    rejected: 0,
    jobs: 0,
    keepAlives: 0,
    answered: 0,
    difficulties: 0,
    lost: 0,
  };
}
