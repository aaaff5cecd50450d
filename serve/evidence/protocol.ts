/** Findings of the protocol witness: mining messages that were read in plain text (columns `mining_*`, docs/mining-witness.md). */
import { type Finding, isNull, numberCell, type Table, textCell } from '../../core/table.ts';
import { escaped } from './safe-text.ts';
import { type EvidenceFinder, EvidenceSource } from './source.ts';
import { NO_FINDINGS } from './weights.ts';

/**
 * Natural logarithms of likelihood ratios. A full exchange cannot come about by chance: somebody runs software that
 * speaks to pools. None of 11,526 recorded TCP flows without mining seems to have one (docs/results.md), which alone makes
 * the ratio e^8 or more; the rest is what it takes to imitate one. Messages of one side may also be a probe or a server that answers
 * nothing of the kind. Lengths of a handshake are a hint.
 */
export const PROTOCOL_WEIGHTS = { exchange: 12, messages: 8, message: 6, shape: 2 } as const;

/** A sentence of a single message is not about how many there are. */
const SEVERAL = 3;
/** Addresses of Monero and its relatives are longer; no user name is. */
const LONG_LOGIN = 90;
/** Logins of which fewer than one share each comes are told about. */
const MANY_LOGINS = 3;
const MOST_TEXT = 64;

const NAMES: Readonly<Record<string, string>> = {
  'stratum-v1': 'Stratum v1',
  'ethereum-stratum-1': 'EthereumStratum/1.0.0',
  'ethereum-stratum-2': 'EthereumStratum/2.0.0',
  ethproxy: 'ethproxy',
  'eth-getwork': 'eth_getWork over HTTP',
  cryptonote: 'CryptoNote pool protocol',
  coinhive: 'Coinhive protocol',
  getwork: 'getwork',
  getblocktemplate: 'getblocktemplate',
  'stratum-v2': 'Stratum V2',
};

export const protocolEvidence: EvidenceFinder = {
  source: EvidenceSource.Protocol,
  find(table, row) {
    const dialects = table.columns.get('mining_dialect');
    if (dialects === undefined || isNull(dialects, row)) return NO_FINDINGS;
    const said = new Said(table, row);
    return [...said.main(), ...said.longLogin(), ...said.idleLogins()];
  },
};

/** What a row says of mining, in words. */
class Said {
  readonly #table: Table;
  readonly #row: number;
  readonly #name: string;

  constructor(table: Table, row: number) {
    this.#table = table;
    this.#row = row;
    const dialect = this.#text('mining_dialect') ?? '';
    this.#name = Object.hasOwn(NAMES, dialect) ? NAMES[dialect]! : dialect;
  }

  main(): Finding[] {
    if (this.#text('mining_dialect') === 'stratum-v2') return [finding(this.#shape(), PROTOCOL_WEIGHTS.shape)];
    const parts = [this.#login(), this.#agent(), this.#work()].filter((part) => part !== '');
    if (this.#count('mining_proven') === 1) {
      return [finding(`${this.#name}: ${parts.join(', ')}.`, PROTOCOL_WEIGHTS.exchange)];
    }
    const messages = this.#count('mining_miner_messages') + this.#count('mining_pool_messages');
    const weight = messages < SEVERAL ? PROTOCOL_WEIGHTS.message : PROTOCOL_WEIGHTS.messages;
    return [finding(`${this.#name}: ${[...parts, this.#oneSided()].join(', ')}.`, weight)];
  }

  /** A weight of 0: what it adds is already said by there being a login. */
  longLogin(): Finding[] {
    const length = this.#count('mining_login_length');
    if (length <= LONG_LOGIN) return [];
    return [finding(`The account has ${length} characters, as addresses of Monero and its relatives have.`, 0)];
  }

  /** Who logs in again and again and hands in nothing is refused, tries pools out, or has nothing to mine with. */
  idleLogins(): Finding[] {
    const logins = this.#count('mining_authorisations');
    const shares = this.#count('mining_submissions');
    if (logins < MANY_LOGINS || shares >= logins) return [];
    return [finding(`${logins} logins and ${counted(shares, 'share')}: refused, or trying pools out.`, 0)];
  }

  #shape(): string {
    return 'The first messages have the lengths of a Stratum V2 handshake (64 and 234 bytes, or 32 and 170), and random bytes.';
  }

  #login(): string {
    const login = this.#text('mining_login');
    const worker = this.#text('mining_worker');
    const named = [login, worker === null ? null : `worker ${worker}`].filter((part) => part !== null).join(', ');
    if (named === '') return '';
    const isAccepted = this.#count('mining_authorised') > 0;
    return `${isAccepted ? 'authorised as' : 'login'} ${named}`;
  }

  #agent(): string {
    const agent = this.#text('mining_agent');
    const algorithm = this.#text('mining_algorithm');
    const pool = this.#text('mining_pool');
    return [
      agent === null ? '' : `agent ${agent}`,
      algorithm === null ? '' : `algorithm ${algorithm}`,
      pool === null ? '' : `pool ${pool}`,
    ]
      .filter((part) => part !== '')
      .join(', ');
  }

  /** Shares if there are any, else what else shows that there is work. */
  #work(): string {
    const shares = this.#count('mining_submissions');
    const jobs = this.#count('mining_jobs');
    if (shares === 0) return jobs > 0 ? `${counted(jobs, 'job')} received, no share yet` : 'no work in this part';
    const verdicts = [`${this.#count('mining_accepted')} accepted`];
    if (this.#count('mining_rejected') > 0) verdicts.push(`${this.#count('mining_rejected')} refused`);
    const seconds = this.#count('duration_us') / 1e6;
    const perHour = numberCell(this.#table, 'mining_submissions_per_hour', this.#row);
    const rate = perHour === null ? '' : `, ${rateText(perHour)} an hour`;
    return `${counted(shares, 'share')} submitted (${verdicts.join(', ')}) in ${durationText(seconds)}${rate}`;
  }

  #oneSided(): string {
    const [miner, pool] = [this.#count('mining_miner_messages'), this.#count('mining_pool_messages')];
    if (miner > 0 && pool === 0) return `${counted(miner, 'message')} of a miner, no answer read`;
    if (pool > 0 && miner === 0) return `${counted(pool, 'message')} of a pool, no miner's`;
    return 'no request with its answer';
  }

  #text(name: string): string | null {
    const text = textCell(this.#table, name, this.#row);
    return text === null ? null : shown(text);
  }

  /** The number, or 0 where there is none. */
  #count(name: string): number {
    return numberCell(this.#table, name, this.#row) ?? 0;
  }
}

function finding(text: string, weight: number): Finding {
  return { source: EvidenceSource.Protocol, finding: text, weight };
}

/** Safe for a terminal and a log, whoever wrote the table. */
function shown(text: string): string {
  const safe = escaped(text);
  return safe.length > MOST_TEXT ? `${safe.slice(0, MOST_TEXT - 1)}…` : safe;
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

function rateText(perHour: number): string {
  return perHour < 10 ? perHour.toFixed(1) : String(Math.round(perHour));
}

function durationText(seconds: number): string {
  if (seconds < 1) return 'less than a second';
  if (seconds < 120) return `${Math.round(seconds)} s`;
  return seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}
