/**
 * An agent that reports a fixed-size reading on a timer and gets a fixed-size receipt: few distinct sizes, strict pairing,
 * hours of near silence. The closest ordinary relative of a miner's keepalive, hence its place here. Some agents report by
 * exception instead, when something happens: then the gaps are exponential, and only the sizes are left of the timer.
 *
 * Periods are round numbers as people configure them; reading sizes span a bare counter to a status document (chosen).
 */
import { drawHttpClient, request, response } from '../http.ts';
import { drawServerHeaders } from '../http-habits.ts';
import { type Dialogue, drawn, letters, Script, SECOND_US, serverThinkUs, uuid } from '../message.ts';

export const telemetryBeacon: Dialogue = {
  name: 'telemetry-beacon',
  label: 'other',
  ports: [443, 8443],
  speaksHttp: true,
  play({ prng, operator, durationUs, host }) {
    const script = new Script();
    const periodUs = operator.pick([5, 10, 10, 15, 20, 30, 30, 60, 60, 120]) * SECOND_US;
    const http = operator.chance(0.6);
    const readingBytes = operator.integer(40, 520);
    const jitter = operator.pick([0.0005, 0.005, 0.05, 0.2]);
    const variable = operator.chance(0.3); // counters printed in decimal: lengths wander by a few bytes
    const commands = operator.chance(0.25);
    const client = drawHttpClient(prng);
    const device = uuid(prng);
    const receipt = operator.chance(0.5) ? '{"status":"OK"}' : '';
    const byException = operator.chance(0.3);
    const headers = drawServerHeaders(operator);
    const gapUs = () => (byException ? prng.exponential(periodUs) : Math.max(0.2, prng.normal(1, jitter)) * periodUs);

    const hello = script.say(
      'client',
      prng.integer(200, 5_000),
      http
        ? request(client, 'POST', host, '/v1/register', `{"device":"${device}"}`)
        : `{"type":"register","device":"${device}","agent":"${client.agent}"}\n`,
    );
    const granted = `{"interval":${periodUs / SECOND_US},"token":"${prng.hex(64)}"}`;
    const welcome = script.reply(
      hello,
      http ? response('200 OK', 'application/json', granted) : `${granted}\n`,
      serverThinkUs(prng),
    );
    let sequence = 1;
    for (let at = prng.between(0.1, 1) * periodUs; at < durationUs; at += gapUs()) {
      const length = readingBytes + (variable ? prng.integer(-6, 6) : 0);
      const reading = `{"device":"${device}","seq":${sequence++},"data":"${letters(prng, Math.max(8, length))}"}`;
      const report = script.sayAfter(
        welcome,
        at,
        http ? request(client, 'POST', host, '/v1/report', reading) : `${reading}\n`,
      );
      script.reply(
        report,
        http
          ? response(receipt ? '200 OK' : '204 No Content', 'application/json', receipt, headers)
          : `${receipt || '{"ok":1}'}\n`,
        serverThinkUs(prng),
      );
      if (!http && commands && prng.chance(0.1)) {
        const order = script.say(
          'server',
          at + prng.between(0.1, 0.9) * periodUs,
          `{"type":"config","rev":"${prng.hex(40)}","set":{"interval":${periodUs / SECOND_US},"filter":"${prng.hex(100)}"}}\n`,
        );
        script.reply(order, '{"type":"ack"}\n', drawn(prng, 2_000, 0.6, 200, 50_000));
      }
    }
    return script.messages;
  },
};
