/**
 * Group `mining`: what miners and pools say in the clear (docs/mining-witness.md). Never a model input: a model that read
 * it would know what it is asked.
 */
import { DIALECTS } from '../protocol/mining/dialects.ts';
import type { MiningSummary } from '../protocol/mining/session.ts';
import type { FactNumbers, FactWriter } from './facts.ts';
import type { FeatureRows } from './spec.ts';

const NOT_MINING = 'No mining message was read.';
const PART = 'in this part of the flow';
const US_PER_HOUR = 3_600e6;
/** Rates are of so much time: two shares within a second are not 7,200 an hour. */
const LEAST_RATE_US = 60e6;

export const MINING = {
  mining_dialect: {
    type: 'utf8',
    doc: `How miner and pool speak: ${DIALECTS.map((name) => `\`${name}\``).join(', ')}; the last is a shape only (lengths of a handshake), all others are messages that were read.`,
    nulls: NOT_MINING,
  },
  mining_transport: {
    type: 'utf8',
    doc: 'What the messages come in: `tcp` (one after the other), `http` (bodies) or `websocket` (frames).',
    nulls: NOT_MINING,
  },
  mining_proven: {
    type: 'bool',
    doc: "A request and a pool's answer to it, or messages of both sides, were read in this flow, parts before this included.",
    nulls: NOT_MINING,
  },
  mining_miner: {
    type: 'utf8',
    doc: 'Which side mines, by what it says: `fwd` or `bwd`.',
    nulls: `${NOT_MINING.slice(0, -1)}, or none that only one side says.`,
  },
  mining_agent: {
    type: 'utf8',
    doc: 'Program of the miner, as it says, cut at 128 bytes; over HTTP its User-Agent.',
    nulls: 'The miner names none.',
  },
  mining_algorithm: {
    type: 'utf8',
    doc: 'Algorithm of the work, as pool or miner say, or `equihash/200_9` by the solution of a share.',
    nulls: 'Neither names it, and the messages do not tell.',
  },
  mining_coin: {
    type: 'utf8',
    doc: "Coin that the account is an address of, where it cannot be another's: `monero`, `bitcoin`, `litecoin`, `kaspa`.",
    nulls: 'The account is none of these.',
  },
  mining_pool: {
    type: 'utf8',
    doc: 'Host, and port, of the pool as the miner names it.',
    nulls: 'The miner names none.',
  },
  mining_worker: {
    type: 'utf8',
    doc: 'Name of the machine, as the miner says; runs of 20 letters and digits in it, which may be wallets, replaced as `mining_login` is.',
    nulls: 'The miner names none.',
  },
  mining_login: {
    type: 'utf8',
    doc: 'Account (wallet, user, mail address) of the first login: 12 digits of its HMAC-SHA-256 under the salt; as it is with `--reveal`.',
    nulls: 'No login was read.',
  },
  mining_login_length: {
    type: 'uint16',
    unit: 'characters',
    doc: 'Length of the account; addresses of Monero have 95 or 106.',
    nulls: 'No login was read.',
  },
  mining_first_difficulty: {
    type: 'float64',
    doc: 'First difficulty that the pool sets: of Stratum v1 its number; of CryptoNote and Ethash the hashes that its target asks for.',
    nulls: 'None was read.',
  },
  mining_last_difficulty: { type: 'float64', doc: 'Last difficulty that the pool set.', nulls: 'None was read.' },
  mining_difficulties: {
    type: 'uint32',
    unit: 'messages',
    doc: `Difficulties and targets that the pool set ${PART}; those that come with each job where they change.`,
    nulls: NOT_MINING,
  },
  mining_miner_messages: { type: 'uint32', unit: 'messages', doc: `Messages of the miner ${PART}.`, nulls: NOT_MINING },
  mining_pool_messages: { type: 'uint32', unit: 'messages', doc: `Messages of the pool ${PART}.`, nulls: NOT_MINING },
  mining_authorisations: { type: 'uint32', unit: 'messages', doc: `Logins ${PART}.`, nulls: NOT_MINING },
  mining_authorised: {
    type: 'uint32',
    unit: 'messages',
    doc: `Logins that the pool accepted ${PART}.`,
    nulls: NOT_MINING,
  },
  mining_submissions: {
    type: 'uint32',
    unit: 'messages',
    doc: `Shares, or blocks, that the miner handed in ${PART}.`,
    nulls: NOT_MINING,
  },
  mining_accepted: {
    type: 'uint32',
    unit: 'messages',
    doc: `Those that the pool accepted ${PART}.`,
    nulls: NOT_MINING,
  },
  mining_rejected: { type: 'uint32', unit: 'messages', doc: `Those that it refused ${PART}.`, nulls: NOT_MINING },
  mining_submissions_per_hour: {
    type: 'float64',
    doc: `Shares ${PART}, by its duration.`,
    nulls: `${NOT_MINING.slice(0, -1)}, or it lasts less than a minute.`,
  },
  mining_authorisations_per_submission: {
    type: 'float64',
    doc: `Logins for each share ${PART}: near to 0 for who works, above 1 for who is refused or tries pools out.`,
    nulls: 'No share was read.',
  },
  mining_jobs: { type: 'uint32', unit: 'messages', doc: `Messages ${PART} that bring work.`, nulls: NOT_MINING },
  mining_keep_alives: {
    type: 'uint32',
    unit: 'messages',
    doc: `Signs of life and reports of the hash rate ${PART}.`,
    nulls: NOT_MINING,
  },
  mining_answered: {
    type: 'uint32',
    unit: 'messages',
    doc: `Requests of the miner ${PART} whose answer was read and is what a pool answers.`,
    nulls: NOT_MINING,
  },
  mining_ids_count: {
    type: 'bool',
    doc: "The numbers of the miner's requests never go down.",
    nulls: 'Fewer than two requests with a number were read.',
  },
  mining_lost: {
    type: 'uint32',
    unit: 'times',
    doc: `Times ${PART} that the place in the messages was lost: bytes missing, no JSON, or more of it than is read.`,
    nulls: NOT_MINING,
  },
  mining_first_us: {
    type: 'float64',
    unit: 'us',
    doc: 'Time of the first mining message, from the first packet.',
    nulls: 'None was read, or it was in a part before.',
  },
  mining_first_packets: {
    type: 'uint32',
    unit: 'packets',
    doc: 'Packets with payload up to the first mining message, its own included.',
    nulls: 'As `mining_first_us`.',
  },
  mining_proven_us: {
    type: 'float64',
    unit: 'us',
    doc: 'Time of the message by which `mining_proven` is true, from the first packet.',
    nulls: 'It is not, or was in a part before.',
  },
  mining_proven_packets: {
    type: 'uint32',
    unit: 'packets',
    doc: 'Packets with payload up to that message, its own included.',
    nulls: 'As `mining_proven_us`.',
  },
} as const satisfies FeatureRows;

/**
 * @param forward which side is `fwd`
 * @param firstUs first packet of the part, us since 1970
 * @param lastUs its last packet by now
 */
export function writeMining(
  facts: FactWriter,
  at: FactNumbers<typeof MINING>,
  mining: MiningSummary,
  forward: number,
  firstUs: number,
  lastUs: number,
): void {
  facts.text(at.mining_dialect, mining.dialect);
  facts.text(at.mining_transport, mining.transport);
  facts.bool(at.mining_proven, mining.isProven);
  facts.text(at.mining_miner, mining.miner === null ? null : mining.miner === forward ? 'fwd' : 'bwd');
  facts.text(at.mining_agent, mining.agent);
  facts.text(at.mining_algorithm, mining.algorithm);
  facts.text(at.mining_coin, mining.coin);
  facts.text(at.mining_pool, mining.pool);
  facts.text(at.mining_worker, mining.worker);
  facts.text(at.mining_login, mining.login);
  facts.number(at.mining_login_length, mining.loginLength);
  facts.number(at.mining_first_difficulty, mining.firstDifficulty);
  facts.number(at.mining_last_difficulty, mining.lastDifficulty);
  writeCounts(facts, at, mining);
  writeRates(facts, at, mining, lastUs - firstUs);
  const [first, proven] = [mining.firstUs - firstUs, (mining.provenUs ?? -Infinity) - firstUs];
  facts.number(at.mining_first_us, first < 0 ? null : first);
  facts.number(at.mining_first_packets, first < 0 ? null : mining.firstPackets);
  facts.number(at.mining_proven_us, proven < 0 ? null : proven);
  facts.number(at.mining_proven_packets, proven < 0 ? null : mining.provenPackets);
}

function writeCounts(facts: FactWriter, at: FactNumbers<typeof MINING>, mining: MiningSummary): void {
  facts.number(at.mining_difficulties, mining.difficulties);
  facts.number(at.mining_miner_messages, mining.minerMessages);
  facts.number(at.mining_pool_messages, mining.poolMessages);
  facts.number(at.mining_authorisations, mining.authorisations);
  facts.number(at.mining_authorised, mining.authorised);
  facts.number(at.mining_submissions, mining.submissions);
  facts.number(at.mining_accepted, mining.accepted);
  facts.number(at.mining_rejected, mining.rejected);
  facts.number(at.mining_jobs, mining.jobs);
  facts.number(at.mining_keep_alives, mining.keepAlives);
  facts.number(at.mining_answered, mining.answered);
  facts.number(at.mining_ids_count, mining.isCounting === null ? null : Number(mining.isCounting));
  facts.number(at.mining_lost, mining.lost);
}

function writeRates(
  facts: FactWriter,
  at: FactNumbers<typeof MINING>,
  { authorisations, submissions }: MiningSummary,
  durationUs: number,
): void {
  const isLong = durationUs >= LEAST_RATE_US;
  facts.number(at.mining_submissions_per_hour, isLong ? (submissions * US_PER_HOUR) / durationUs : null);
  facts.number(at.mining_authorisations_per_submission, submissions > 0 ? authorisations / submissions : null);
}
