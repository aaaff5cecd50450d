/**
 * A wallet or indexer asking an Ethereum node: the JSON-RPC of ethproxy mining without any mining. Block number polls on a
 * timer, balances, receipts, calls, and raw transactions whose hash comes back. Same syntax, similar sizes, other rhythm.
 *
 * Field lengths are those of the JSON-RPC specification; wallets poll every 4 to 30 s (4 s is the default of common client
 * libraries). An application asks the same two or three things over and over, so each site has its own mix.
 */
import { drawHttpClient, request, response } from '../http.ts';
import { drawServerHeaders } from '../http-habits.ts';
import { type Dialogue, drawn, Script, SECOND_US, serverThinkUs } from '../message.ts';

export const jsonRpcNode: Dialogue = {
  name: 'json-rpc-node',
  label: 'other',
  ports: [8545, 443, 8546],
  speaksHttp: true,
  play({ prng, operator, durationUs, host }) {
    const script = new Script();
    const http = operator.chance(0.6);
    const client = drawHttpClient(prng);
    const pollUs = operator.pick([4, 10, 10, 12, 15, 30]) * SECOND_US;
    const address = () => `0x${prng.hex(40)}`;
    let id = 1;
    let previous = -1;
    const ask = (atUs: number, method: string, params: string, result: string) => {
      const body = `{"jsonrpc":"2.0","id":${id},"method":"${method}","params":[${params}]}`;
      const sent = http ? request(client, 'POST', host, '/', body) : `${body}\n`;
      const query = previous < 0 ? script.say('client', atUs, sent) : script.sayAfter(previous, atUs, sent);
      const answer = `{"jsonrpc":"2.0","id":${id++},"result":${result}}`;
      previous = script.reply(
        query,
        http ? response('200 OK', 'application/json', answer, headers) : `${answer}\n`,
        serverThinkUs(prng),
      );
    };
    const headers = drawServerHeaders(operator);
    const kinds = operator.shuffle([0, 1, 2, 3]).slice(0, operator.integer(1, 4));
    const extraMeanUs = operator.pick([8, 20, 60]) * SECOND_US;
    let pollAtUs = prng.integer(300, 9_000);
    let extraAtUs = pollAtUs + prng.exponential(extraMeanUs);
    while (Math.min(pollAtUs, extraAtUs) < durationUs) {
      if (pollAtUs <= extraAtUs) {
        ask(pollAtUs, 'eth_blockNumber', '', `"0x${prng.hex(7)}"`);
        pollAtUs += pollUs + prng.normal(0, 8_000);
        continue;
      }
      const kind = prng.pick(kinds);
      if (kind === 0)
        ask(extraAtUs, 'eth_getBalance', `"${address()}","latest"`, `"0x${prng.hex(prng.integer(12, 18))}"`);
      else if (kind === 1)
        ask(extraAtUs, 'eth_call', `{"to":"${address()}","data":"0x${prng.hex(72)}"},"latest"`, `"0x${prng.hex(64)}"`);
      else if (kind === 2)
        ask(
          extraAtUs,
          'eth_sendRawTransaction',
          `"0x${prng.hex(drawn(prng, 220, 0.5, 200, 1_600))}"`,
          `"0x${prng.hex(64)}"`,
        );
      else
        ask(
          extraAtUs,
          'eth_getTransactionReceipt',
          `"0x${prng.hex(64)}"`,
          prng.chance(0.4)
            ? 'null'
            : `{"blockHash":"0x${prng.hex(64)}","status":"0x1","gasUsed":"0x${prng.hex(6)}","logs":"${prng.hex(drawn(prng, 300, 0.7, 20, 2_500))}"}`,
        );
      extraAtUs += prng.exponential(extraMeanUs);
    }
    return script.messages;
  },
};
