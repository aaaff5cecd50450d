/**
 * A game client in a lobby, a turn-based match or a slow world: a heartbeat of fixed size answered by one of fixed size, world
 * events the server tells all players of at once, and bursts of small actions while somebody plays.
 *
 * That nearly all client packets carry less than 32 bytes, and the rest of the shape, is after Chen, Huang and Lei, "Game traffic analysis: an
 * MMORPG perspective" (Computer Networks, 2006). Their eight packets a second are thinned: this is the idle player.
 */
import type { Prng } from '../../../../core/prng.ts';
import { bytesOf, filler, u16 } from '../bytes.ts';
import { type Dialogue, drawn, Script, SECOND_US, serverThinkUs } from '../message.ts';
import { broadcasts, bursts, timer } from '../rhythm.ts';

const Operation = { Login: 1, Heartbeat: 2, Action: 3, State: 4, Event: 5 } as const;

/** Length, operation, body. */
const gamePacket = (prng: Prng, operation: number, bodyBytes: number) =>
  bytesOf(u16(bodyBytes + 4), u16(operation), filler(prng, bodyBytes));

export const gameHeartbeat: Dialogue = {
  name: 'game-heartbeat',
  label: 'other',
  ports: [3724, 5222, 7777, 443],
  play({ prng, operator, startUs, durationUs, chainSeed }) {
    const script = new Script();
    const beatUs = operator.pick([5, 10, 10, 15, 20, 30, 60]) * SECOND_US;
    const beatBytes = operator.integer(4, 24);
    const echoBytes = operator.pick([beatBytes, 4, 12]);
    const fromServer = operator.chance(0.3);
    const eventMeanUs = operator.pick([15, 30, 60, 120]) * SECOND_US;
    const eventBytes = operator.integer(24, 320);
    const eventSpread = operator.pick([0, 0, 4, 80]);
    const stateBytes = operator.between(30, 160);
    const plays = operator.chance(0.6);
    const eventSeed = `world${operator.uint32()}:${chainSeed}`;

    const login = script.say(
      'client',
      prng.integer(200, 5_000),
      gamePacket(prng, Operation.Login, prng.integer(60, 300)),
    );
    const ready = script.reply(
      login,
      gamePacket(prng, Operation.State, operator.integer(200, 3_000)),
      serverThinkUs(prng),
    );
    for (const atUs of timer(prng.fork('beats'), beatUs, 8_000, durationUs)) {
      const packet = gamePacket(prng, Operation.Heartbeat, beatBytes);
      const beat = fromServer ? script.follow(ready, packet, 0, atUs) : script.sayAfter(ready, atUs, packet);
      script.reply(beat, gamePacket(prng, Operation.Heartbeat, echoBytes), prng.integer(50, 17_000)); // next frame of the loop
    }
    for (const atUs of broadcasts(eventSeed, eventMeanUs, startUs, durationUs)) {
      const bytes = Math.max(8, eventBytes + prng.integer(-eventSpread, eventSpread));
      script.follow(ready, gamePacket(prng, Operation.Event, bytes), 0, atUs);
    }
    if (!plays) return script.messages;
    for (const burst of bursts(prng.fork('play'), { quietUs: 180 * SECOND_US, more: 12, gapUs: 700_000 }, durationUs)) {
      for (const atUs of burst) {
        const action = script.sayAfter(ready, atUs, gamePacket(prng, Operation.Action, drawn(prng, 9, 0.5, 2, 60)));
        script.reply(
          action,
          gamePacket(prng, Operation.State, drawn(prng, stateBytes, 0.6, 8, 1_200)),
          serverThinkUs(prng),
        );
      }
    }
    return script.messages;
  },
};
