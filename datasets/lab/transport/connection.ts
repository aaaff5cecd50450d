/** The third stage: a TCP connection between two hosts, from writes to Ethernet frames with the times the tap saw them. */
import type { Prng } from '../../../core/prng.ts';
import type { Side } from '../dialogue/message.ts';
import { acknowledge, type Segment } from './acknowledging.ts';
import { type Endpoint, encodeFrame, TcpFlag } from './frame.ts';
import type { Path } from './path.ts';
import { Sending } from './sending.ts';
import type { Stack } from './stack.ts';

export interface Host {
  readonly endpoint: Endpoint;
  readonly stack: Stack;
}

export interface CapturedFrame {
  /** Microseconds on the clock of the capture. */
  readonly atUs: number;
  readonly bytes: Uint8Array;
}

/** A segment with what its sender's stack puts around it: all that `encode` needs, whatever else is recorded. */
export interface Packet extends Segment {
  readonly ipId: number;
  /** Clocks of the timestamp option, milliseconds. */
  readonly nowMs: number;
  readonly echoMs: number;
}

/** Timestamp option with its two words of padding. */
const TIMESTAMP_BYTES = 12;
const NO_OPTIONS = new Uint8Array(0);

export class Connection extends Sending {
  readonly #hosts: Readonly<Record<Side, Host>>;
  readonly #path: Path;
  readonly #mss: number;
  readonly #timestamps: boolean;
  readonly #initialSeq: Readonly<Record<Side, number>>;
  readonly #ipId: Record<Side, number>;

  constructor(client: Host, server: Host, path: Path, prng: Prng) {
    const mss = client.endpoint.ip.length === 16 ? path.mss - 20 : path.mss;
    const timestamps = client.stack.timestamps && server.stack.timestamps;
    const stacks = { client: client.stack, server: server.stack };
    super(path, mss - (timestamps ? TIMESTAMP_BYTES : 0), stacks, prng.uint32());
    this.#hosts = { client, server };
    this.#path = path;
    this.#mss = mss;
    this.#timestamps = timestamps;
    this.#initialSeq = { client: prng.uint32(), server: prng.uint32() };
    this.#ipId = { client: prng.below(65536), server: prng.below(65536) };
  }

  /** Everything that passes the tap, in time order. @param untilUs end of the capture. */
  packets(untilUs: number): Packet[] {
    const stacks = { client: this.#hosts.client.stack, server: this.#hosts.server.stack };
    const clocks = { client: 0, server: 0 };
    return acknowledge(this.transmissions, this.stalls, this.#path, stacks, untilUs).map((segment) => {
      const { from, tapUs } = segment;
      const nowMs = (stacks[from].clockMs + Math.floor(tapUs / 1000)) >>> 0;
      const echoMs = clocks[from === 'client' ? 'server' : 'client'];
      clocks[from] = nowMs;
      this.#ipId[from] = (this.#ipId[from] + 1) & 0xffff;
      return { ...segment, ipId: this.#ipId[from], nowMs, echoMs };
    });
  }

  /** `packets` as the frames that a capture holds. */
  frames(untilUs: number): CapturedFrame[] {
    return this.packets(untilUs).map((packet) => ({ atUs: packet.tapUs, bytes: this.encode(packet) }));
  }

  encode(packet: Packet): Uint8Array {
    const { from, seq, ack, flags, payload, closed, ipId, nowMs, echoMs } = packet;
    const to: Side = from === 'client' ? 'server' : 'client';
    const { stack, endpoint } = this.#hosts[from];
    const syn = (flags & TcpFlag.Syn) !== 0;
    const options = syn
      ? this.#synOptions(stack, nowMs, echoMs)
      : this.#timestamps
        ? timestampOption(nowMs, echoMs)
        : NO_OPTIONS;
    const fields = {
      seq: (this.#initialSeq[from] + seq) >>> 0,
      ack: flags & TcpFlag.Ack ? (this.#initialSeq[to] + ack) >>> 0 : 0,
      flags,
      window: closed || flags & TcpFlag.Rst ? 0 : syn ? stack.synWindow : openWindow(stack),
      options,
      ttl: stack.ttl - (from === 'server' ? this.#path.hops : this.#path.nearHops),
      ipId,
    };
    return encodeFrame(endpoint, this.#hosts[to].endpoint, fields, payload);
  }

  /** MSS, SACK permitted, timestamps if both speak them, window scale (RFC 9293, 2018, 7323). */
  #synOptions(stack: Stack, nowMs: number, echoMs: number): Uint8Array {
    const mss = [2, 4, this.#mss >> 8, this.#mss & 255];
    const scale = [1, 3, 3, stack.windowShift];
    const sack = [4, 2];
    return this.#timestamps
      ? Uint8Array.from([...mss, ...sack, ...timestampOption(nowMs, echoMs).subarray(2), ...scale])
      : Uint8Array.from([...mss, ...scale, 1, 1, ...sack]);
  }
}

function openWindow({ windowBytes, windowShift }: Stack): number {
  return Math.min(65_535, windowBytes >> windowShift);
}

function timestampOption(nowMs: number, echoMs: number): Uint8Array {
  const option = new Uint8Array(TIMESTAMP_BYTES);
  option.set([1, 1, 8, 10]);
  const view = new DataView(option.buffer);
  view.setUint32(4, nowMs);
  view.setUint32(8, echoMs);
  return option;
}
