/**
 * gRPC over HTTP/2 between services and from devices: a watch the server feeds when something changes, reports that are
 * acknowledged in a few bytes, health checks on a timer. Protocol buffers of one type have nearly one length, so these are
 * few-sized, thin and long-lived like a pool's connection.
 *
 * Wire form: gRPC over HTTP/2 (five bytes before each message, status in trailers). Data arriving makes some peers send
 * WINDOW_UPDATE and a PING to estimate bandwidth, at most one estimate under way (gRPC-Go, `bdp_estimator`); keep-alive PINGs
 * follow "gRPC keepalive" (never below 10 s). Rates are chosen to bracket a pool's.
 */
import type { Prng } from '../../../../core/prng.ts';
import { bytesOf, filler, u32 } from '../bytes.ts';
import { dataFrames, Http2Session, pingFrame, pongFrame, RPC_LIBRARIES, windowUpdate } from '../http2.ts';
import { type Dialogue, type DialogueContext, drawn, letters, Script, SECOND_US, serverThinkUs } from '../message.ts';
import { blocksBetween, ETHASH, MONERO } from '../mining/blocks.ts';
import { broadcasts, poisson, timer } from '../rhythm.ts';

/** Not compressed, length, message. */
const rpcMessage = (payload: Uint8Array) => bytesOf([0], u32(payload.length), payload);
const TRAILERS = [['grpc-status', '0']] as const;
const ANSWER = [
  [':status', '200'],
  ['content-type', 'application/grpc'],
] as const;

interface ServiceHabits {
  readonly kind: 'watch' | 'report' | 'health';
  readonly path: string;
  readonly messageBytes: number;
  /** Lengths move by up to so much: varints and optional fields. */
  readonly spreadBytes: number;
  readonly meanUs: number;
  readonly measuresBandwidth: boolean;
  /** 0: never. */
  readonly keepAliveUs: number;
}

function drawHabits(operator: Prng): ServiceHabits {
  return {
    kind: operator.pick(['watch', 'watch', 'report', 'report', 'health']),
    path: `/${letters(operator, operator.integer(8, 30))}.${letters(operator, operator.integer(5, 16))}/${letters(operator, operator.integer(4, 14))}`,
    messageBytes: operator.integer(30, 600),
    spreadBytes: operator.pick([0, 0, 2, 8, 60]),
    meanUs: operator.pick([8, 15, 20, 30, 45, 60, 120]) * SECOND_US,
    measuresBandwidth: operator.chance(0.4),
    keepAliveUs: operator.pick([0, 10, 20, 30, 60]) * SECOND_US,
  };
}

const payload = (prng: Prng, { messageBytes, spreadBytes }: ServiceHabits) =>
  rpcMessage(filler(prng, Math.max(2, messageBytes + prng.integer(-spreadBytes, spreadBytes))));

function call(session: Http2Session, { path }: ServiceHabits, host: string) {
  return session.request(
    [
      [':method', 'POST'],
      [':scheme', 'https'],
      [':path', path],
      [':authority', host],
      ['content-type', 'application/grpc'],
      ['user-agent', session.agent],
      ['te', 'trailers'],
      ['grpc-accept-encoding', 'gzip'],
    ],
    false,
  );
}

/** When the watched thing changes: at random, for all watchers at once, or with the blocks of a chain (a light wallet's node). */
function changes({ startUs, durationUs, chainSeed, prng, operator }: DialogueContext, meanUs: number): number[] {
  const cause = operator.pick(['random', 'random', 'shared', 'blocks'] as const);
  if (cause === 'random') return poisson(prng, meanUs, durationUs);
  if (cause === 'shared') return broadcasts(`watch${operator.uint32()}:${chainSeed}`, meanUs, startUs, durationUs);
  const coin = operator.pick([ETHASH, MONERO]);
  const lagUs = prng.between(50_000, 900_000); // until this node has the block checked and passes it on
  return blocksBetween(coin, chainSeed, startUs, startUs + durationUs).map((at) => at - startUs + lagUs);
}

function watch(script: Script, context: DialogueContext, session: Http2Session, habits: ServiceHabits, from: number) {
  const { prng, operator, host, durationUs } = context;
  const acknowledges = operator.chance(0.5); // two-way streams in the manner of xDS: every update has its ACK
  const ackBytes = operator.integer(6, 90);
  const { stream, bytes } = call(session, habits, host);
  const asked = script.follow(
    from,
    bytesOf(bytes, dataFrames(stream, payload(prng, habits), !acknowledges)),
    prng.integer(100, 3_000),
  );
  const begun = script.reply(
    asked,
    bytesOf(session.answer(stream, ANSWER, false), dataFrames(stream, payload(prng, habits), false)),
    serverThinkUs(prng),
  );
  for (const atUs of changes(context, habits.meanUs)) {
    if (atUs >= durationUs) break;
    const update = script.follow(begun, dataFrames(stream, payload(prng, habits), false), 0, atUs);
    if (!acknowledges) continue;
    const ack = dataFrames(stream, rpcMessage(filler(prng, ackBytes)), false);
    script.reply(update, ack, drawn(prng, 2_000, 0.6, 200, 50_000));
  }
}

function unary(script: Script, context: DialogueContext, session: Http2Session, habits: ServiceHabits, from: number) {
  const { prng, operator, host, durationUs } = context;
  const answerBytes = operator.pick([0, 0, 2, 12, 48]);
  const times =
    habits.kind === 'health'
      ? timer(prng, Math.min(habits.meanUs, 60 * SECOND_US), 3_000, durationUs, prng.integer(200, 9_000))
      : [prng.integer(200, 9_000), ...poisson(prng.fork('events'), habits.meanUs, durationUs)].sort((a, b) => a - b);
  let first = -1;
  for (const atUs of times) {
    const { stream, bytes } = call(session, habits, host);
    const message = habits.kind === 'health' ? rpcMessage(new Uint8Array(0)) : payload(prng, habits);
    const write = bytesOf(bytes, dataFrames(stream, message, true));
    // The first answer fills the header table, so nothing is asked before it is there.
    const sent = first < 0 ? script.follow(from, write, 0, atUs) : script.sayAfter(first, atUs, write);
    let heard = sent;
    const opaque = filler(prng, 8);
    const answer = bytesOf(
      session.answer(stream, ANSWER, false),
      dataFrames(stream, rpcMessage(filler(prng, answerBytes)), false),
      session.answer(stream, TRAILERS, true),
    );
    if (habits.measuresBandwidth && message.length > 5) {
      heard = script.reply(sent, bytesOf(windowUpdate(0, message.length), pingFrame(opaque)), prng.integer(30, 400));
      script.reply(heard, pongFrame(opaque), prng.integer(30, 400));
      heard = script.follow(heard, answer, serverThinkUs(prng));
    } else heard = script.reply(sent, answer, serverThinkUs(prng));
    if (first < 0) first = heard;
  }
}

export const grpcStream: Dialogue = {
  name: 'grpc-stream',
  label: 'other',
  ports: [443, 50051, 8443],
  speaksHttp: true,
  play(context) {
    const { prng, operator, durationUs } = context;
    const script = new Script();
    const habits = drawHabits(operator);
    const session = new Http2Session(prng.pick(RPC_LIBRARIES), operator);
    const opened = session.open(script, prng);
    if (habits.kind === 'watch') watch(script, context, session, habits, opened);
    else unary(script, context, session, habits, opened);
    if (habits.keepAliveUs > 0) {
      for (const atUs of timer(prng.fork('keepalive'), habits.keepAliveUs, 5_000, durationUs)) {
        const opaque = filler(prng, 8);
        script.reply(script.follow(opened, pingFrame(opaque), 0, atUs), pongFrame(opaque), prng.integer(30, 800));
      }
    }
    return script.messages;
  },
};
