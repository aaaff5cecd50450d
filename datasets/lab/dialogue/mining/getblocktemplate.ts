/**
 * getblocktemplate (BIP 22, BIP 23) over HTTP: the pool or node hands out the whole block to be, so answers are kilobytes and grow
 * as the template fills; solved work goes back by submitblock, to a pool shortened to header and coinbase ("submit/truncate").
 * With `longpollid` the next request is held until the template changes; without, it is asked for on a timer.
 */
import type { Prng } from '../../../../core/prng.ts';
import { type Dialogue, drawn, Script, serverThinkUs } from '../message.ts';
import { BITCOIN } from './blocks.ts';
import { basicAuthorization, drawMinerHttp, poolAnswer } from './rpc-http.ts';
import { drawVardiff } from './shares.ts';
import { drawTimeline, type Verdict } from './timeline.ts';
import { checkShareUs } from './verdicts.ts';

const REQUEST =
  '{"method": "getblocktemplate", "params": [{"capabilities": ["coinbasetxn", "coinbasevalue", "longpoll", "workid"], "rules": ["segwit"]';
/** BIP 22: null for an accepted block, a reason otherwise. */
const REASONS: Readonly<Record<Verdict, string>> = {
  accepted: 'null',
  stale: '"stale-prevblk"',
  low: '"high-hash"',
  duplicate: '"duplicate"',
};
/** Header of 80 bytes and a coinbase of some 200, in digits; BIP 23's shortened submission. */
const HEADER_DIGITS = 160;
/** Keeps an answer within about ten kilobytes. */
const TRANSACTIONS_MAX = 12;

/** The hash of the previous block and a counter, as the common node software makes it. */
const longPollId = (prng: Prng) => `${prng.hex(64)}${prng.integer(1, 9_999)}`;

/** One entry of `transactions`: about 350 bytes besides the raw transaction, a median of 250 bytes in two digits each. */
function transaction(prng: Prng, filler: string): string {
  const digits = 2 * drawn(prng, 250, 0.5, 190, 1_200);
  const data = filler.slice(prng.below(filler.length - digits)).slice(0, digits);
  const id = prng.hex(64);
  return `{"data":"${data}","txid":"${id}","hash":"${prng.hex(64)}","depends":[],"fee":${prng.integer(200, 90_000)},"sigops":${prng.integer(1, 8)},"weight":${2 * data.length}}`;
}

function template(prng: Prng, transactions: number, filler: string): string {
  const entries = Array.from({ length: transactions }, () => transaction(prng, filler)).join(',');
  return `{"result":{"capabilities":["proposal"],"version":536870912,"rules":["csv","!segwit","taproot"],"vbavailable":{},"vbrequired":0,"previousblockhash":"${prng.hex(64)}","transactions":[${entries}],"coinbaseaux":{},"coinbasevalue":${prng.integer(312_500_000, 340_000_000)},"longpollid":"${longPollId(prng)}","target":"${prng.hex(64)}","mintime":${prng.integer(1.7e9, 1.75e9)},"mutable":["time","transactions","prevblock"],"noncerange":"00000000ffffffff","sigoplimit":80000,"sizelimit":4000000,"weightlimit":4000000,"curtime":${prng.integer(1.7e9, 1.75e9)},"bits":"${prng.hex(8)}","height":${prng.integer(800_000, 899_999)},"default_witness_commitment":"${prng.hex(76)}"},"error":null,"id":0}\n`;
}

export const getblocktemplate: Dialogue = {
  name: 'getblocktemplate',
  label: 'mining',
  ports: [8332, 9332, 18332, 8337],
  speaksHttp: true,
  play(context) {
    const { prng, operator, host } = context;
    const server = operator.pick(['bitcoin-json-rpc/v0.21', 'Eloipool', 'nginx/1.18.0']);
    const pool = operator.chance(0.5); // shares for a pool; alone, a miner may never find anything
    const longPoll = operator.chance(0.5);
    const templateSeconds = operator.pick([30, 60, 60]);
    // Transactions that arrive between two templates. Small coins, small templates: a full Bitcoin block would be megabytes,
    // and is never polled for over the internet. Chosen.
    const arriving = operator.pick([0, 0.3, 1, 2]);
    const filler = prng.hex(8_192);
    const vardiff = drawVardiff(operator);
    const http = drawMinerHttp(prng, host, basicAuthorization(prng));
    const script = new Script();

    let waiting = 0;
    const drawTemplate = (clean: boolean) => {
      // A block empties the pool of waiting transactions; each refresh finds some more.
      waiting = clean ? 0 : Math.min(TRANSACTIONS_MAX, waiting + Math.floor(prng.exponential(arriving)));
      return template(prng, waiting, filler);
    };
    const request = (extra: string) => http.post('/', `${REQUEST}${extra}}], "id":0}\r\n`);
    const held = () => request(`, "longpollid": "${longPollId(prng)}"`);

    let query = script.say('client', prng.integer(200, 4_000), request(''));
    let last = script.reply(query, poolAnswer(server, drawTemplate(false), ''), serverThinkUs(prng));
    let freeUs = 0;
    for (const event of drawTimeline(context, { coin: BITCOIN, vardiff, templateSeconds })) {
      if (event.kind === 'work' && (longPoll || !event.clean)) {
        // Held: asked at once, answered when the template changes. On a timer: asked at the time, answered at once.
        query = longPoll
          ? script.sayAfter(last, freeUs, held(), 500)
          : script.sayAfter(last, event.atUs, request(''), 500);
        last = script.sayAfter(
          query,
          longPoll ? event.atUs : 0,
          poolAnswer(server, drawTemplate(event.clean), ''),
          drawn(prng, 4_000, 0.8, 300, 300_000),
        );
        freeUs = event.atUs;
      }
      // While a long poll is held the connection is busy: libcurl opens another, which is another flow.
      if (event.kind === 'share' && pool && !longPoll) {
        const solved = prng.hex(HEADER_DIGITS + 2 * prng.integer(150, 260));
        query = script.sayAfter(
          last,
          event.atUs,
          http.post('/', `{"method": "submitblock", "params": ["${solved}"], "id":1}\r\n`),
          300,
        );
        const verdict = `{"result":${REASONS[event.verdict]},"error":null,"id":1}\n`;
        last = script.reply(query, poolAnswer(server, verdict, ''), checkShareUs(prng));
      }
    }
    if (longPoll) script.sayAfter(last, freeUs, held(), 500); // held until the session ends
    return script.messages;
  },
};
