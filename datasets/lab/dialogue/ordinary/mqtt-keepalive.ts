/**
 * MQTT 3.1.1: CONNECT, SUBSCRIBE, PINGREQ every keep-alive, and readings published with QoS 0 (nothing comes back) or QoS 1
 * (PUBLISH, PUBACK); commands from the broker, to one device or to the whole fleet at once. Keep-alive is 60 s by default in
 * common clients; reading rates, topic and payload lengths are chosen.
 */
import { type Dialogue, drawn, letters, Script, SECOND_US, serverThinkUs } from '../message.ts';
import { broadcasts } from '../rhythm.ts';

const CONNECT = 0x10;
const CONNACK = 0x20;
const PUBLISH_QOS0 = 0x30;
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

/** @param id 0: quality of service 0, which has none and is not acknowledged. */
function publish(topic: string, id: number, payload: string): Uint8Array {
  const body = Array.from(payload, (c) => c.charCodeAt(0));
  if (id === 0) return packet(PUBLISH_QOS0, [...text(topic), ...body]);
  return packet(PUBLISH_QOS1, [...text(topic), ...identifier(id), ...body]);
}

const identifier = (id: number) => [(id >> 8) & 255, id & 255];

export const mqttKeepalive: Dialogue = {
  name: 'mqtt-keepalive',
  label: 'other',
  ports: [8883, 1883],
  play({ prng, operator, startUs, durationUs, chainSeed }) {
    const script = new Script();
    const keepAliveSeconds = operator.pick([15, 30, 60, 60, 120]);
    const prefix = letters(operator, operator.integer(2, 48));
    const device = `${prefix.slice(0, 4)}-${letters(prng, operator.integer(6, 24))}`;
    const flags = [...text('MQTT'), 4, 0xc2, keepAliveSeconds >> 8, keepAliveSeconds & 255];
    const connect = script.say(
      'client',
      prng.integer(200, 5_000),
      packet(CONNECT, [...flags, ...text(device), ...text(letters(prng, 10)), ...text(letters(prng, 32))]),
    );
    const connack = script.reply(connect, packet(CONNACK, [0, 0]), serverThinkUs(prng));
    const subscribe = script.reply(
      connack,
      packet(SUBSCRIBE, [0, 1, ...text(`${prefix}/${device}/cmd`), 1]),
      prng.integer(200, 5_000),
    );
    const ready = script.reply(subscribe, packet(SUBACK, [0, 1, 1]), serverThinkUs(prng));

    const readingMeanUs = operator.pick([10, 20, 45, 90]) * SECOND_US;
    const readingBytes = operator.integer(30, 300);
    const periodic = operator.chance(0.5);
    const acknowledged = operator.chance(0.75);
    const spread = operator.pick([0, 0, 3, 40]);
    const orderBytes = operator.integer(20, 240);
    const orderSpread = operator.pick([0, 0, 0.2, 0.8]);
    const fleetMeanUs = operator.pick([0, 0, 30, 90]) * SECOND_US; // 0: devices are commanded one by one
    let id = 2;
    let lastUs = 0;
    const gapUs = () => (periodic ? readingMeanUs + prng.normal(0, 30_000) : prng.exponential(readingMeanUs));
    const ping = (untilUs: number) => {
      while (untilUs - lastUs > keepAliveSeconds * SECOND_US) {
        lastUs += keepAliveSeconds * SECOND_US;
        script.reply(script.sayAfter(ready, lastUs, packet(PINGREQ, [])), packet(PINGRESP, []), serverThinkUs(prng));
      }
    };
    let orderId = 1; // the broker counts for itself
    const command = (atUs: number) => {
      const payload = letters(prng, drawn(prng, orderBytes, orderSpread, 10, 2_000));
      const order = script.follow(ready, publish(`${prefix}/${device}/cmd`, orderId, payload), 0, atUs);
      script.reply(order, packet(PUBACK, identifier(orderId++)), drawn(prng, 3_000, 0.5, 200, 60_000));
    };
    for (let at = gapUs(); at < durationUs; at += gapUs()) {
      ping(at);
      lastUs = at;
      const reading = script.sayAfter(
        ready,
        at,
        publish(
          `${prefix}/${device}/state`,
          acknowledged ? id : 0,
          letters(prng, Math.max(8, readingBytes + prng.integer(-spread, spread))),
        ),
      );
      if (acknowledged) script.reply(reading, packet(PUBACK, identifier(id++)), serverThinkUs(prng));
      if (fleetMeanUs === 0 && prng.chance(0.06)) command(at + prng.exponential(5 * SECOND_US));
    }
    if (fleetMeanUs > 0) {
      const fleetSeed = `fleet${operator.uint32()}:${chainSeed}`;
      for (const at of broadcasts(fleetSeed, fleetMeanUs, startUs, durationUs)) command(at);
    }
    ping(durationUs);
    return script.messages;
  },
};
