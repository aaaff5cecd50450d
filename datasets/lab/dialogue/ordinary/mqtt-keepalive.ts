/** MQTT 3.1.1: CONNECT, SUBSCRIBE, PINGREQ every keep-alive, and readings published with QoS 1 (PUBLISH, PUBACK). */
import { type Dialogue, drawn, letters, Script, SECOND_US, serverThinkUs } from '../message.ts';

const CONNECT = 0x10;
const CONNACK = 0x20;
const PUBLISH_QOS1 = 0x32;
const PUBACK = 0x40;
const SUBSCRIBE = 0x82;
const SUBACK = 0x90;
const PINGREQ = 0xc0;
const PINGRESP = 0xd0;

/** Fixed header (type, remaining length as a varint of seven-bit groups, MQTT 3.1.1 section 2.2) and the rest. */
function packet(type: number, rest: readonly number[]): Uint8Array {
  const bytes = [type];
  let left = rest.length;
  do {
    bytes.push((left & 127) | (left > 127 ? 128 : 0));
    left >>= 7;
  } while (left > 0);
  return Uint8Array.from([...bytes, ...rest]);
}

function text(value: string): number[] {
  return [value.length >> 8, value.length & 255, ...Array.from(value, (c) => c.charCodeAt(0))];
}

function publish(topic: string, id: number, payload: string): Uint8Array {
  return packet(PUBLISH_QOS1, [...text(topic), id >> 8, id & 255, ...Array.from(payload, (c) => c.charCodeAt(0))]);
}

export const mqttKeepalive: Dialogue = {
  name: 'mqtt-keepalive',
  label: 'other',
  ports: [8883, 1883],
  play({ prng, operator, durationUs }) {
    const script = new Script();
    const keepAliveSeconds = operator.pick([15, 30, 60, 60, 120]);
    const device = `dev-${letters(prng, 12)}`;
    const flags = [...text('MQTT'), 4, 0xc2, keepAliveSeconds >> 8, keepAliveSeconds & 255];
    const connect = script.say(
      'client',
      prng.integer(200, 5_000),
      packet(CONNECT, [...flags, ...text(device), ...text(letters(prng, 10)), ...text(letters(prng, 32))]),
    );
    const connack = script.reply(connect, packet(CONNACK, [0, 0]), serverThinkUs(prng));
    const subscribe = script.reply(
      connack,
      packet(SUBSCRIBE, [0, 1, ...text(`site/${device}/cmd`), 1]),
      prng.integer(200, 5_000),
    );
    const ready = script.reply(subscribe, packet(SUBACK, [0, 1, 1]), serverThinkUs(prng));

    const readingMeanUs = operator.pick([10, 20, 45, 90]) * SECOND_US;
    const readingBytes = operator.integer(30, 300);
    const periodic = operator.chance(0.5);
    let id = 2;
    let lastUs = 0;
    const gapUs = () => (periodic ? readingMeanUs + prng.normal(0, 30_000) : prng.exponential(readingMeanUs));
    const ping = (untilUs: number) => {
      while (untilUs - lastUs > keepAliveSeconds * SECOND_US) {
        lastUs += keepAliveSeconds * SECOND_US;
        script.reply(script.sayAfter(ready, lastUs, packet(PINGREQ, [])), packet(PINGRESP, []), serverThinkUs(prng));
      }
    };
    for (let at = gapUs(); at < durationUs; at += gapUs()) {
      ping(at);
      lastUs = at;
      const reading = script.sayAfter(
        ready,
        at,
        publish(`site/${device}/state`, id, letters(prng, readingBytes + prng.integer(-3, 3))),
      );
      script.reply(reading, packet(PUBACK, [id >> 8, id & 255]), serverThinkUs(prng));
      id++;
      if (prng.chance(0.06)) {
        const order = script.say(
          'server',
          at + prng.exponential(5 * SECOND_US),
          publish(`site/${device}/cmd`, id, letters(prng, prng.integer(20, 200))),
        );
        script.reply(order, packet(PUBACK, [id >> 8, id & 255]), drawn(prng, 3_000, 0.5, 200, 60_000));
        id++;
      }
    }
    ping(durationUs);
    return script.messages;
  },
};
