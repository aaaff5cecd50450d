/** The third stage: a TCP connection between two hosts, from writes to Ethernet frames with the times the tap saw them. */
import type { Prng } from '../../../core/prng.ts';
import type { Side } from '../dialogue/message.ts';
import { acknowledge, type Segment } from './acknowledging.ts';
import { type Endpoint, frameBytes, HEADERS_MAX, type TcpFields, TcpFlag, writeFrame } from './frame.ts';
import { Frames } from './frames.ts';
import type { Path } from './path.ts';
import { Sending } from './sending.ts';
import type { Stack } from './stack.ts';

export interface Host {
  readonly endpoint: Endpoint;
  readonly stack: Stack;
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
      const { from, tapUs, seq, ack, flags, payload, closed, late } = segment;
      const nowMs = (stacks[from].clockMs + Math.floor(tapUs / 1000)) >>> 0;
      const echoMs = clocks[from === 'client' ? 'server' : 'client'];
      clocks[from] = nowMs;
      this.#ipId[from] = (this.#ipId[from] + 1) & 0xffff;
      // Spelled out: spreading hundreds of thousands of segments showed in profiles.
      return { from, tapUs, seq, ack, flags, payload, closed, late, ipId: this.#ipId[from], nowMs, echoMs };
    });
  }

  /** The frames of packets, in their order, in one piece of memory. */
  encode(packets: readonly Packet[]): Frames {
    const frames = new Frames(
      packets.length,
      packets.reduce((sum, { payload }) => sum + HEADERS_MAX + payload.length, 0),
    );
    for (const packet of packets) {
      const { from, payload } = packet;
      const endpoint = this.#hosts[from].endpoint;
      const other = this.#hosts[from === 'client' ? 'server' : 'client'].endpoint;
      const fields = this.#fields(packet);
      const at = frames.add(packet.tapUs, frameBytes(endpoint, fields, payload));
      writeFrame(endpoint, other, fields, payload, frames.bytes, frames.view, at);
    }
    return frames.trimmed();
  }

  #fields(packet: Packet): TcpFields {
    const { from, seq, ack, flags, closed, ipId, nowMs, echoMs } = packet;
    const to: Side = from === 'client' ? 'server' : 'client';
    const { stack } = this.#hosts[from];
    const syn = (flags & TcpFlag.Syn) !== 0;
    const options = syn
      ? this.#synOptions(stack, nowMs, echoMs)
      : this.#timestamps
        ? timestampOption(nowMs, echoMs)
        : NO_OPTIONS;
    return {
      seq: (this.#initialSeq[from] + seq) >>> 0,
      ack: flags & TcpFlag.Ack ? (this.#initialSeq[to] + ack) >>> 0 : 0,
      flags,
      window: closed || flags & TcpFlag.Rst ? 0 : syn ? stack.synWindow : openWindow(stack),
      options,
      ttl: stack.ttl - (from === 'server' ? this.#path.hops : this.#path.nearHops),
      ipId,
    };
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

const OPTION = Uint8Array.of(1, 1, 8, 10, 0, 0, 0, 0, 0, 0, 0, 0);
const OPTION_VIEW = new DataView(OPTION.buffer);

/** Valid until the next call. */
function timestampOption(nowMs: number, echoMs: number): Uint8Array {
  OPTION_VIEW.setUint32(4, nowMs);
  OPTION_VIEW.setUint32(8, echoMs);
  return OPTION;
}
