/**
 * HTTP/2 framing (RFC 9113): what a request, an answer, a ping cost on the wire. Windows are opened wide at the start, as
 * browsers do, and given back as they are used up, so a receiver that counts finds nothing wrong.
 */
import type { Prng } from '../../../core/prng.ts';
import { bytesOf, type Part, u16, u32 } from './bytes.ts';
import { type Header, HeaderEncoder } from './hpack.ts';
import { type Script, serverThinkUs } from './message.ts';

export const FrameType = {
  Data: 0,
  Headers: 1,
  RstStream: 3,
  Settings: 4,
  Ping: 6,
  GoAway: 7,
  WindowUpdate: 8,
} as const;
export type FrameType = (typeof FrameType)[keyof typeof FrameType];
export const FrameFlag = { None: 0, EndStream: 1, Ack: 1, EndHeaders: 4 } as const;

const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
/** Largest frame until a SETTINGS frame says otherwise (section 4.2). */
const PAYLOAD_MAX = 16_384;
const Setting = {
  TableSize: 1,
  EnablePush: 2,
  ConcurrentMax: 3,
  WindowSize: 4,
  FrameSizeMax: 5,
  HeaderListMax: 6,
} as const;
type SettingPair = readonly [id: number, value: number];

/** Length 24 bits, type 8, flags 8, stream 32 (section 4.1). */
export function http2Frame(type: FrameType, flags: number, stream: number, ...payload: Part[]): Uint8Array {
  const length = payload.reduce((sum, part) => sum + part.length, 0);
  return bytesOf([length >>> 16, ...u16(length), type, flags], u32(stream), ...payload);
}

const settings = (pairs: readonly SettingPair[]) =>
  http2Frame(FrameType.Settings, FrameFlag.None, 0, ...pairs.map(([id, value]) => [...u16(id), ...u32(value)]));
const settingsAck = () => http2Frame(FrameType.Settings, FrameFlag.Ack, 0);

export const windowUpdate = (stream: number, bytes: number) =>
  http2Frame(FrameType.WindowUpdate, FrameFlag.None, stream, u32(bytes));
/** 17 bytes, as its answer is. */
export const pingFrame = (opaque: Uint8Array) => http2Frame(FrameType.Ping, FrameFlag.None, 0, opaque);
export const pongFrame = (opaque: Uint8Array) => http2Frame(FrameType.Ping, FrameFlag.Ack, 0, opaque);

/** What a client library announces; the sets in use tell libraries apart (Shuster and Segal, Black Hat Europe 2017). */
export interface Http2Library {
  readonly agent: string;
  readonly settings: readonly SettingPair[];
  /** Added to the connection's window of 65,535 bytes; 0: no frame. */
  readonly windowExtra: number;
}

export const BROWSERS: readonly Http2Library[] = [
  {
    agent:
      'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Safari/537.36',
    settings: [
      [Setting.TableSize, 65_536],
      [Setting.EnablePush, 0],
      [Setting.WindowSize, 6_291_456],
      [Setting.HeaderListMax, 262_144],
    ],
    windowExtra: 15_663_105,
  },
  {
    agent: 'Mozilla/5.0 (X11; Linux x86_64; rv:125.0) Gecko/20100101 Firefox/125.0',
    settings: [
      [Setting.TableSize, 65_536],
      [Setting.WindowSize, 131_072],
      [Setting.FrameSizeMax, 16_384],
    ],
    windowExtra: 12_517_377,
  },
  {
    agent: 'curl/8.5.0',
    settings: [
      [Setting.ConcurrentMax, 100],
      [Setting.WindowSize, 10_485_760],
      [Setting.EnablePush, 0],
    ],
    windowExtra: 1_048_510_465,
  },
];

export const RPC_LIBRARIES: readonly Http2Library[] = [
  { agent: 'grpc-go/1.62.1', settings: [], windowExtra: 0 },
  {
    agent: 'grpc-java-netty/1.60.0',
    settings: [
      [Setting.EnablePush, 0],
      [Setting.ConcurrentMax, 0],
      [Setting.WindowSize, 1_048_576],
      [Setting.HeaderListMax, 8_192],
    ],
    windowExtra: 983_041,
  },
  {
    agent: 'grpc-python/1.62.0 grpc-c/39.0.0 (linux; chttp2)',
    settings: [
      [Setting.EnablePush, 0],
      [Setting.ConcurrentMax, 0],
      [Setting.WindowSize, 4_194_304],
      [Setting.FrameSizeMax, 4_194_304],
      [Setting.HeaderListMax, 16_384],
    ],
    windowExtra: 4_128_769,
  },
];

/** What servers announce: plain, generous, and cautious ones. */
const SERVER_SETTINGS: readonly (readonly SettingPair[])[] = [
  [
    [Setting.ConcurrentMax, 128],
    [Setting.WindowSize, 65_536],
    [Setting.FrameSizeMax, 16_777_215],
  ],
  [
    [Setting.ConcurrentMax, 100],
    [Setting.WindowSize, 1_048_576],
    [Setting.HeaderListMax, 16_384],
  ],
  [[Setting.ConcurrentMax, 250]],
  [],
];

/** Both ends of one HTTP/2 connection: numbers the streams, keeps the header tables, frames what the script says. */
export class Http2Session {
  readonly #library: Http2Library;
  readonly #serverSettings: readonly SettingPair[];
  readonly #serverWindowExtra: number;
  readonly #up = new HeaderEncoder();
  readonly #dn = new HeaderEncoder();
  #nextStream = 1;

  constructor(library: Http2Library, operator: Prng) {
    this.#library = library;
    this.#serverSettings = operator.pick(SERVER_SETTINGS);
    this.#serverWindowExtra = operator.pick([0, 983_041, 16_711_681]);
  }

  /** Preface and SETTINGS both ways; returns the index of the client's acknowledgement, behind which requests may go. */
  open(script: Script, prng: Prng): number {
    const { settings: pairs, windowExtra } = this.#library;
    const hello = script.say(
      'client',
      prng.integer(100, 4_000),
      bytesOf(PREFACE, settings(pairs), windowExtra > 0 ? windowUpdate(0, windowExtra) : ''),
    );
    const extra = this.#serverWindowExtra;
    const welcome = script.reply(
      hello,
      bytesOf(settings(this.#serverSettings), settingsAck(), extra > 0 ? windowUpdate(0, extra) : ''),
      serverThinkUs(prng),
    );
    return script.reply(welcome, settingsAck(), prng.integer(50, 1_500));
  }

  /** A request's HEADERS on a stream of its own. */
  request(headers: readonly Header[], endStream: boolean): { readonly stream: number; readonly bytes: Uint8Array } {
    const stream = this.#nextStream;
    this.#nextStream += 2;
    return { stream, bytes: headersFrame(stream, this.#up.encode(headers), endStream) };
  }

  /** An answer's HEADERS, or its trailers. */
  answer(stream: number, headers: readonly Header[], endStream: boolean): Uint8Array {
    return headersFrame(stream, this.#dn.encode(headers), endStream);
  }

  get agent(): string {
    return this.#library.agent;
  }
}

function headersFrame(stream: number, block: Uint8Array, endStream: boolean): Uint8Array {
  const flags = FrameFlag.EndHeaders | (endStream ? FrameFlag.EndStream : 0);
  return http2Frame(FrameType.Headers, flags, stream, block);
}

/** DATA frames for one write of up to any length, none of them larger than a receiver must accept. */
export function dataFrames(stream: number, payload: Uint8Array, endStream: boolean): Uint8Array {
  const frames: Uint8Array[] = [];
  for (let at = 0; at === 0 || at < payload.length; at += PAYLOAD_MAX) {
    const last = at + PAYLOAD_MAX >= payload.length;
    const flags = last && endStream ? FrameFlag.EndStream : FrameFlag.None;
    frames.push(http2Frame(FrameType.Data, flags, stream, payload.subarray(at, at + PAYLOAD_MAX)));
  }
  return bytesOf(...frames);
}
