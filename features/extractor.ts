/**
 * The one way from frames to flow rows, used by training, batch and live scoring alike: link and transport decoding,
 * flow tracking, handshakes, rows. Free of input and output.
 */
import type { Digests } from '../core/digest.ts';
import type { FrameSink } from './capture/packet-sink.ts';
import { cachedDigests } from './fingerprint/cache.ts';
import { type TlsSummary, tlsSummariser } from './fingerprint/tls-summary.ts';
import { OuterPairs } from './flow/outer-pairs.ts';
import {
  DEFAULT_MAX_FLOWS,
  EMIT_ENDS,
  type EmitOptions,
  type FlowObserver,
  FlowTracker,
  type TrackerCounters,
} from './flow/tracker.ts';
import { decodeFrame } from './packet/decode.ts';
import { Fragments } from './packet/fragments.ts';
import { DROP_NAMES, Packet, Status } from './packet/packet.ts';
import { HandshakeWatch } from './protocol/handshake-watch.ts';
import { FlowRow } from './vector/flow-row.ts';
import { type BatchReceiver, FlowRows } from './vector/rows.ts';

export interface ExtractOptions {
  /** A flow without a packet for this long ends, seconds; 0 for never. Default 120. */
  readonly idleTimeout?: number;
  /** A flow that lasts this long is cut into parts, seconds; 0 for never. Default 1800. */
  readonly activeTimeout?: number;
  /** Flows held at once. Default 1,000,000. */
  readonly maxFlows?: number;
  /** Whether flows in different VLANs are different flows. Default no. */
  readonly keyVlan?: boolean;
  /** Which rows a flow gives. Default one when it ends. */
  readonly emit?: EmitOptions;
  /** Written into the `label` column of every row. */
  readonly label?: string | null;
}

export const DEFAULT_IDLE_TIMEOUT = 120;
export const DEFAULT_ACTIVE_TIMEOUT = 1800;

/** What became of the frames and flows of a capture. */
export interface ExtractCounters {
  readonly frames: number;
  /** Packets that were counted to a flow. */
  readonly packets: number;
  /** Bytes on the wire of all frames. */
  readonly wireBytes: number;
  /** Frames that belong to no flow, by reason. */
  readonly drops: Readonly<Record<string, number>>;
  readonly flows: number;
  readonly rows: number;
  readonly evictedFlows: number;
  readonly outOfOrderPackets: number;
  /** Rows that left before their turn (see LIMITS.waitingRows). */
  readonly earlyRows: number;
  /** TLS handshakes given up half-read, because too many were (see LIMITS.handshakeBytes). */
  readonly handshakesGivenUp: number;
  /** Time of the first and last packet, microseconds since 1970; null without packets. */
  readonly firstUs: number | null;
  readonly lastUs: number | null;
}

export class Extractor implements FrameSink {
  readonly #packet = new Packet();
  readonly #fragments = new Fragments();
  readonly #drops = new Float64Array(DROP_NAMES.length);
  readonly #tracker: FlowTracker;
  readonly #handshakes: HandshakeWatch<TlsSummary>;
  readonly #outer = new OuterPairs();
  readonly #row: FlowRow;
  readonly #rows: FlowRows;
  #frames = 0;
  #wireBytes = 0;
  #firstUs = Infinity;
  #lastUs = -Infinity;

  /**
   * @param capture written into the `capture` column
   * @param receive gets the rows in batches, in the order in which flows end
   */
  constructor(capture: string, digests: Digests, receive: BatchReceiver, options: ExtractOptions = {}) {
    const cached = cachedDigests(digests);
    this.#rows = new FlowRows(cached, receive);
    const observer: FlowObserver = {
      opened: (slot, side, packet) => {
        this.#handshakes.opened(slot);
        this.#outer.opened(slot, side, packet);
      },
      payload: (slot, side, packet) => {
        if (!packet.isFragment) this.#handshakes.payload(slot, side, packet);
      },
      continued: (slot, successor) => {
        this.#handshakes.continued(slot, successor);
        this.#outer.passOn(slot, successor);
      },
      copied: (slot, copy) => {
        this.#handshakes.copied(slot, copy);
        this.#outer.passOn(slot, copy);
      },
      ended: (slot) => this.#emit(slot),
    };
    this.#tracker = new FlowTracker(
      {
        idleUs: microseconds(options.idleTimeout ?? DEFAULT_IDLE_TIMEOUT),
        activeUs: microseconds(options.activeTimeout ?? DEFAULT_ACTIVE_TIMEOUT),
        maxFlows: options.maxFlows ?? DEFAULT_MAX_FLOWS,
        keyVlan: options.keyVlan ?? false,
        emit: options.emit ?? EMIT_ENDS,
      },
      observer,
    );
    this.#handshakes = new HandshakeWatch(this.#tracker.state, tlsSummariser(cached));
    this.#row = new FlowRow(capture, this.#tracker.state);
    this.#row.label = options.label ?? null;
  }

  frame(view: DataView, at: number, end: number, wireLength: number, us: number, ns: number, linkType: number): void {
    this.#frames++;
    this.#wireBytes += wireLength;
    if (us < this.#firstUs) this.#firstUs = us;
    if (us > this.#lastUs) this.#lastUs = us;
    const packet = this.#packet;
    const status = decodeFrame(view, at, end, wireLength, linkType, packet);
    if (status !== Status.Ok) {
      this.#drops[status]!++;
      return;
    }
    packet.us = us;
    packet.ns = ns;
    if (packet.fragmentId >= 0 && !this.#fragments.resolve(packet)) {
      this.#drops[Status.OrphanFragment]!++;
      return;
    }
    this.#tracker.packet(packet);
  }

  /**
   * Nothing has come up to `us` (microseconds since 1970) by the wall clock: ends the flows whose time is over and hands
   * on their rows at once. For live sources, whose silence no packet shows.
   */
  advance(us: number): void {
    this.#tracker.advance(us);
    this.#rows.flush();
  }

  /** The capture is over: ends all flows and hands on the last rows. */
  finish(): ExtractCounters {
    this.#tracker.finish();
    this.#rows.flush();
    return this.counters;
  }

  get counters(): ExtractCounters {
    const { flows, evicted, outOfOrder, earlyRows }: TrackerCounters = this.#tracker.counters;
    const drops: Record<string, number> = {};
    let dropped = 0;
    for (let status = 1; status < DROP_NAMES.length; status++) {
      drops[DROP_NAMES[status]!] = this.#drops[status]!;
      dropped += this.#drops[status]!;
    }
    return {
      frames: this.#frames,
      packets: this.#frames - dropped,
      wireBytes: this.#wireBytes,
      drops,
      flows,
      rows: this.#rows.count,
      evictedFlows: evicted,
      outOfOrderPackets: outOfOrder,
      earlyRows,
      handshakesGivenUp: this.#handshakes.givenUp,
      firstUs: this.#frames === 0 ? null : this.#firstUs,
      lastUs: this.#frames === 0 ? null : this.#lastUs,
    };
  }

  #emit(slot: number): void {
    this.#row.turnTo(slot, this.#tracker.keys, this.#handshakes.of(slot), this.#outer.of(slot));
    this.#rows.append(this.#row);
    this.#handshakes.closed(slot);
  }
}

function microseconds(seconds: number): number {
  return seconds === 0 ? Infinity : seconds * 1e6;
}
