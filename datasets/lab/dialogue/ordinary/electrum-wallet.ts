/**
 * A light wallet at an Electrum server: JSON lines over TCP or TLS, a subscription to block headers, which are pushed to every
 * wallet the moment a block arrives, subscriptions to the wallet's own addresses, and a ping now and then (Electrum protocol
 * 1.4). It watches the very chain a miner works on, in the same syntax and at the same instants, and mines nothing.
 *
 * A pushed header is 160 hexadecimal digits and its height: about as long as a job of CryptoNote. Addresses per wallet and how
 * often one is paid are chosen. Chains: whichever the operator serves, quick ones among them.
 */
import type { Prng } from '../../../../core/prng.ts';
import { type Dialogue, Script, SECOND_US, serverThinkUs } from '../message.ts';
import { BITCOIN, blocksBetween, MONERO } from '../mining/blocks.ts';
import { inOrder, poisson, timer } from '../rhythm.ts';

interface WalletHabits {
  readonly spaced: boolean;
  readonly version: string;
  readonly follows: boolean;
}

/** JSON as the server's language prints it: with spaces or without. */
function line(habits: WalletHabits, text: string): string {
  return `${habits.spaced ? text.replaceAll('":', '": ').replaceAll(',"', ', "') : text}\n`;
}

const header = (prng: Prng, height: number) => `{"hex":"${prng.hex(160)}","height":${height}}`;

export const electrumWallet: Dialogue = {
  name: 'electrum-wallet',
  label: 'other',
  ports: [50002, 50001, 443],
  play({ prng, operator, startUs, durationUs, chainSeed }) {
    const script = new Script();
    const habits = {
      spaced: operator.chance(0.5),
      version: `${operator.pick(['ElectrumX', 'Fulcrum', 'electrs'])} 1.${operator.integer(9, 16)}.0`,
      follows: operator.chance(0.5),
    };
    // A chain with blocks as frequent as Monero's has no Electrum of its own; sister chains of Bitcoin with such blocks do.
    const coin = operator.pick([BITCOIN, MONERO, MONERO]);
    const pingUs = operator.pick([30, 60, 60, 120, 300]) * SECOND_US;
    const paidMeanUs = operator.pick([60, 180, 600]) * SECOND_US;
    let height = operator.integer(700_000, 830_000);
    let id = 0;
    const ask = (after: number, atUs: number, method: string, params: string, result: string): number => {
      const text = line(habits, `{"jsonrpc":"2.0","method":"${method}","params":[${params}],"id":${id}}`);
      const asked = after < 0 ? script.say('client', atUs, text) : script.sayAfter(after, atUs, text);
      const answer = line(habits, `{"jsonrpc":"2.0","result":${result},"id":${id++}}`);
      return script.reply(asked, answer, serverThinkUs(prng));
    };

    const agent = `"electrum/4.${prng.integer(0, 5)}.${prng.integer(0, 9)}","1.4"`;
    const welcome = ask(-1, prng.integer(200, 5_000), 'server.version', agent, `["${habits.version}","1.4"]`);
    ask(welcome, 5_000, 'blockchain.headers.subscribe', '', header(prng, height));
    const scripts = Array.from({ length: prng.integer(2, 24) }, () => prng.hex(64));
    for (const script of scripts) {
      const status = prng.chance(0.3) ? `"${prng.hex(64)}"` : 'null';
      ask(welcome, 30_000, 'blockchain.scripthash.subscribe', `"${script}"`, status);
    }

    const lagUs = prng.between(100_000, 2_000_000); // the block reaches the server's node, is indexed, is told
    const blocks = blocksBetween(coin, chainSeed, startUs, startUs + durationUs).map((at) => at - startUs + lagUs);
    const events = inOrder({
      block: blocks,
      paid: poisson(prng.fork('paid'), paidMeanUs, durationUs),
      ping: timer(prng.fork('ping'), pingUs, 30_000, durationUs),
    });
    for (const { kind, atUs } of events) {
      if (kind === 'ping') ask(welcome, atUs, 'server.ping', '', 'null');
      if (kind === 'block') {
        const push = `{"jsonrpc":"2.0","method":"blockchain.headers.subscribe","params":[${header(prng, ++height)}]}`;
        const told = script.follow(welcome, line(habits, push), 0, atUs);
        // Some wallets look the fee up again with every block.
        if (habits.follows) ask(told, atUs, 'blockchain.estimatefee', '2', `0.000${prng.integer(10_000, 99_999)}`);
      }
      if (kind === 'paid') {
        const paid = prng.pick(scripts);
        const push = `{"jsonrpc":"2.0","method":"blockchain.scripthash.subscribe","params":["${paid}","${prng.hex(64)}"]}`;
        const told = script.follow(welcome, line(habits, push), 0, atUs);
        const history = Array.from(
          { length: prng.integer(1, 6) },
          () => `{"tx_hash":"${prng.hex(64)}","height":${prng.integer(500_000, height)}}`,
        );
        ask(told, atUs, 'blockchain.scripthash.get_history', `"${paid}"`, `[${history}]`);
      }
    }
    return script.messages;
  },
};
