/**
 * People talking in a room over a WebSocket: bursts of short texts both ways, small receipts, a ping in the pauses, and in some
 * services presence or typing told in messages of one size, unasked. Texts are log-normal around 32 characters, as short
 * messages are; turns and pauses are chosen.
 */
import { drawHttpClient } from '../http.ts';
import { type Dialogue, drawn, letters, Script, SECOND_US, serverThinkUs } from '../message.ts';
import { poisson } from '../rhythm.ts';
import { frame, Opcode, upgrade } from '../websocket.ts';

export const websocketChat: Dialogue = {
  name: 'websocket-chat',
  label: 'other',
  ports: [443, 8443],
  speaksHttp: true,
  play({ prng, operator, durationUs, host }) {
    const script = new Script();
    const open = upgrade(script, prng, drawHttpClient(prng), host, '/chat/socket');
    const pingUs = operator.pick([20, 25, 30, 55]) * SECOND_US;
    const receipts = operator.chance(0.7);
    const room = letters(operator, operator.integer(4, 36));
    const presenceMeanUs = operator.pick([0, 0, 10, 30, 60]) * SECOND_US; // 0: nobody is told who comes and goes
    if (presenceMeanUs > 0) {
      for (const at of poisson(prng.fork('presence'), presenceMeanUs, durationUs)) {
        const presence = `{"room":"${room}","user":"${letters(prng, 20)}","presence":"${prng.pick(['away', 'here', 'busy'])}"}`;
        script.follow(open, frame(Opcode.Text, presence, null), 0, at);
      }
    }
    for (let at = pingUs; at < durationUs; at += pingUs + prng.normal(0, 20_000)) {
      const ping = script.follow(open, frame(Opcode.Ping, '', null), 0, at);
      script.reply(ping, frame(Opcode.Pong, '', prng), prng.integer(100, 3_000));
    }
    // Conversations flare up and die down: quiet gaps of a minute or so, then a handful of texts a few seconds apart.
    let at = prng.exponential(10 * SECOND_US);
    let id = 1;
    while (at < durationUs) {
      const turns = 1 + Math.floor(prng.exponential(3.5));
      for (let turn = 0; turn < turns && at < durationUs; turn++) {
        const text = letters(prng, drawn(prng, 32, 0.9, 2, 600));
        if (prng.chance(0.45)) {
          const sent = script.sayAfter(
            open,
            at,
            frame(Opcode.Text, `{"id":${id},"room":"${room}","text":"${text}"}`, prng),
          );
          if (receipts)
            script.reply(
              sent,
              frame(Opcode.Text, `{"ack":${id},"ts":${1_741_000_000_000 + prng.below(1e9)}}`, null),
              serverThinkUs(prng),
            );
          id++;
        } else {
          script.follow(
            open,
            frame(
              Opcode.Text,
              `{"room":"${room}","from":"${letters(prng, prng.integer(3, 12))}","text":"${text}","ts":${1_741_000_000_000 + prng.below(1e9)}}`,
              null,
            ),
            0,
            at,
          );
        }
        at += drawn(prng, 4 * SECOND_US, 0.8, 300_000, 60 * SECOND_US);
      }
      at += prng.exponential(75 * SECOND_US);
    }
    return script.messages;
  },
};
