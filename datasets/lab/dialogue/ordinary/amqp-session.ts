/**
 * A client of a message broker (AMQP 0-9-1): a publisher whose messages are confirmed in 21 bytes, a consumer the broker
 * pushes to and that acknowledges in 21 bytes, or one that only keeps the connection. Heartbeats go both ways, every half of
 * the negotiated timeout (60 s in RabbitMQ by default), in silence as in traffic.
 *
 * Rates and body sizes are chosen: thin publishing with the sizes and means of a pool's shares and jobs.
 */
import type { Prng } from '../../../../core/prng.ts';
import { filler, type Part, u16, u32 } from '../bytes.ts';
import { type Dialogue, drawn, letters, Script, SECOND_US, serverThinkUs, uuid } from '../message.ts';
import { poisson, timer } from '../rhythm.ts';
import { AmqpMethod, content, HEARTBEAT, longText, method, PROTOCOL_HEADER, shortText, table } from './amqp.ts';

const CHANNEL = 1;
const u64 = (value: number): Part => [...u32(0), ...u32(value)];

interface BrokerHabits {
  readonly kind: 'publisher' | 'consumer' | 'idle';
  readonly heartbeatSeconds: number;
  readonly meanUs: number;
  readonly bodyBytes: number;
  readonly spreadBytes: number;
  readonly route: string;
  readonly periodic: boolean;
  /** Time a consumer works on a delivery, median. */
  readonly workUs: number;
}

function drawHabits(operator: Prng): BrokerHabits {
  return {
    kind: operator.pick(['publisher', 'publisher', 'consumer', 'consumer', 'idle']),
    heartbeatSeconds: operator.pick([20, 30, 60, 60, 120]),
    meanUs: operator.pick([6, 12, 20, 30, 60, 120]) * SECOND_US,
    bodyBytes: operator.integer(40, 700),
    spreadBytes: operator.pick([0, 0, 3, 20, 200]),
    route: letters(operator, operator.integer(6, 40)),
    periodic: operator.chance(0.25),
    workUs: operator.pick([2_000, 20_000, 400_000]),
  };
}

/** From the protocol header to an open channel; returns the index of the broker's last answer. */
function connect(script: Script, prng: Prng, operator: Prng, heartbeatSeconds: number): number {
  const hello = script.say('client', prng.integer(200, 5_000), PROTOCOL_HEADER);
  const properties = {
    product: operator.pick(['RabbitMQ', 'LavinMQ', 'Qpid']),
    version: operator.pick(['3.12.13', '3.13.1', '1.2.9']),
    platform: 'Erlang/OTP 26',
    cluster_name: `rabbit@${letters(operator, operator.integer(6, 40))}`,
    information: letters(operator, operator.integer(20, 140)),
  };
  let last = script.reply(
    hello,
    method(AmqpMethod.Start, 0, [0, 9], table(properties), longText('AMQPLAIN PLAIN'), longText('en_US')),
    serverThinkUs(prng),
  );
  const ask = (request: Uint8Array, answer: Uint8Array) => {
    last = script.reply(script.reply(last, request, prng.integer(100, 3_000)), answer, serverThinkUs(prng));
  };
  const client = { product: letters(prng, prng.integer(4, 24)), version: '1.3.2', information: letters(prng, 60) };
  const login = longText(`\0${letters(prng, prng.integer(5, 16))}\0${letters(prng, prng.integer(12, 40))}`);
  const tuned = [...u16(2_047), ...u32(131_072), ...u16(heartbeatSeconds)];
  ask(
    method(AmqpMethod.StartOk, 0, table(client), shortText('PLAIN'), login, shortText('en_US')),
    method(AmqpMethod.Tune, 0, tuned),
  );
  const tuneOk = script.reply(last, method(AmqpMethod.TuneOk, 0, tuned), prng.integer(100, 2_000));
  const open = script.follow(tuneOk, method(AmqpMethod.Open, 0, shortText('/'), [0, 0]), prng.integer(20, 300));
  last = script.reply(open, method(AmqpMethod.OpenOk, 0, [0]), serverThinkUs(prng));
  ask(method(AmqpMethod.ChannelOpen, CHANNEL, [0]), method(AmqpMethod.ChannelOpenOk, CHANNEL, u32(0)));
  return last;
}

const bodyOf = (prng: Prng, { bodyBytes, spreadBytes }: BrokerHabits) =>
  filler(prng, Math.max(1, bodyBytes + prng.integer(-spreadBytes, spreadBytes)));

function publish(script: Script, prng: Prng, habits: BrokerHabits, ready: number, times: readonly number[]): void {
  const select = script.reply(ready, method(AmqpMethod.ConfirmSelect, CHANNEL, [0]), prng.integer(100, 2_000));
  const selected = script.reply(select, method(AmqpMethod.ConfirmSelectOk, CHANNEL), serverThinkUs(prng));
  times.forEach((atUs, i) => {
    const fields = [u16(0), shortText(''), shortText(habits.route), [0]];
    const message = content(AmqpMethod.Publish, CHANNEL, fields, 'application/json', bodyOf(prng, habits));
    const sent = script.sayAfter(selected, atUs, message);
    script.reply(sent, method(AmqpMethod.Ack, CHANNEL, u64(i + 1), [0]), serverThinkUs(prng));
  });
}

function consume(script: Script, prng: Prng, habits: BrokerHabits, ready: number, times: readonly number[]): void {
  let last = ready;
  const ask = (request: Uint8Array, answer: Uint8Array) => {
    last = script.reply(script.reply(last, request, prng.integer(100, 3_000)), answer, serverThinkUs(prng));
  };
  const queue = shortText(habits.route);
  const tag = shortText(`ctag-${uuid(prng)}`);
  ask(
    method(AmqpMethod.QueueDeclare, CHANNEL, u16(0), queue, [2], u32(0)),
    method(AmqpMethod.QueueDeclareOk, CHANNEL, queue, u32(0), u32(1)),
  );
  ask(method(AmqpMethod.Qos, CHANNEL, u32(0), u16(10), [0]), method(AmqpMethod.QosOk, CHANNEL));
  ask(method(AmqpMethod.Consume, CHANNEL, u16(0), queue, tag, [0], u32(0)), method(AmqpMethod.ConsumeOk, CHANNEL, tag));
  times.forEach((atUs, i) => {
    const fields = [tag, u64(i + 1), [0], shortText(''), shortText(habits.route)];
    const message = content(AmqpMethod.Deliver, CHANNEL, fields, 'application/json', bodyOf(prng, habits));
    const delivered = script.follow(last, message, 0, atUs);
    const ack = method(AmqpMethod.Ack, CHANNEL, u64(i + 1), [0]);
    script.reply(delivered, ack, drawn(prng, habits.workUs, 0.8, 200, 60 * SECOND_US));
  });
}

export const amqpSession: Dialogue = {
  name: 'amqp-session',
  label: 'other',
  ports: [5671, 5672, 443],
  play({ prng, operator, durationUs }) {
    const script = new Script();
    const habits = drawHabits(operator);
    const ready = connect(script, prng, operator, habits.heartbeatSeconds);
    const beats = prng.fork('heartbeats');
    const halfUs = (habits.heartbeatSeconds / 2) * SECOND_US;
    for (const atUs of timer(beats, halfUs, 4_000, durationUs)) script.sayAfter(ready, atUs, HEARTBEAT);
    const phaseUs = beats.between(0.5, 1) * halfUs; // the broker's own timer, started when it accepted
    for (const atUs of timer(beats, halfUs, 2_000, durationUs, phaseUs)) script.follow(ready, HEARTBEAT, 0, atUs);
    const events = prng.fork('events');
    const times = habits.periodic
      ? timer(events, habits.meanUs, 20_000, durationUs)
      : poisson(events, habits.meanUs, durationUs);
    if (habits.kind === 'publisher') publish(script, prng, habits, ready, times);
    if (habits.kind === 'consumer') consume(script, prng, habits, ready, times);
    return script.messages;
  },
};
