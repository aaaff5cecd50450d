/**
 * Keeps the first packets of every flow for a while, and hands on those of flows that are judged as a capture file, with what
 * follows. It stands where packets are, perhaps in a thread of its own: what is asked of it and what it gives are plain values.
 */
import type { FrameSink } from '../../features/capture/packet-sink.ts';
import { KEY_WORDS, readKey } from '../../features/flow/key.ts';
import { decodeFrame } from '../../features/packet/decode.ts';
import { Fragments } from '../../features/packet/fragments.ts';
import { Packet, Protocol, Status, TcpFlag } from '../../features/packet/packet.ts';
import { verdictComment } from './comment.ts';
import { FrameRing, NOWHERE } from './frame-ring.ts';
import { type FlowKey, keyWords, type VerdictFacts } from './keep-request.ts';
import { Keeping, KeptFlows } from './kept-flows.ts';
import { KEEP_LIMITS } from './limits.ts';
import { PcapngBuilder } from './pcapng-builder.ts';

export interface KeeperOptions {
  /** First packets of each flow. Default 64. */
  readonly packets?: number;
  /** Bytes of each frame before its flow is judged. Default 1,600; afterwards frames are whole. */
  readonly frameBytes?: number;
  /** Bytes of first packets, all flows together. Default 128 MiB. */
  readonly ringBytes?: number;
  readonly flows?: number;
  /** Flows followed at once after their verdict, and packets and bytes of each. */
  readonly followed?: number;
  readonly followPackets?: number;
  readonly followBytes?: number;
  /** As of the extractor, seconds: what comes after such a silence is another flow. Default 120. */
  readonly idleTimeout?: number;
}

/** A capture file of a flow, whole. */
export interface EvidenceBundle {
  readonly flow: FlowKey;
  readonly facts: VerdictFacts;
  /** The first packets and those up to the verdict, or those that followed. */
  readonly stretch: 'first' | 'following';
  readonly packets: number;
  /** pcapng, in memory of its own: its buffer may be transferred to another thread. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export interface KeeperCounters {
  /** Flows known, and bytes of first packets held. */
  readonly flows: number;
  readonly ringBytes: number;
  /** Flows and packets that gave way to newer ones. */
  readonly flowsGivenUp: number;
  readonly packetsGivenUp: number;
  /** Requests, those of flows whose first packets were all there, and those of which nothing was there any more. */
  readonly asked: number;
  readonly whole: number;
  readonly missed: number;
  /** Requests of a flow that was kept already. */
  readonly repeated: number;
  readonly bundles: number;
  readonly packets: number;
}

/** A flow that was judged, and what has followed. */
interface Followed {
  readonly slot: number;
  readonly flow: FlowKey;
  readonly facts: VerdictFacts;
  builder: PcapngBuilder | null;
}

const IDLE_SECONDS = 120;
/** How long the tail of a closed flow is waited for, and how often that is looked at, us. */
const TAIL_US = 5e6;
const SWEEP_US = 1e6;
/** A verdict is of the packets that had come: a flow that began later is another one. */
const SLACK_US = 1e6;

export class PacketKeeper implements FrameSink {
  readonly #options: Required<KeeperOptions>;
  readonly #give: (bundle: EvidenceBundle) => void;
  readonly #flows: KeptFlows;
  readonly #ring: FrameRing;
  readonly #followed = new Map<number, Followed>();
  readonly #packet = new Packet();
  readonly #fragments = new Fragments();
  readonly #key = new Int32Array(KEY_WORDS);
  readonly #idleUs: number;
  readonly #frameBytes: number;
  #sweptUs = 0;
  readonly #counts = { asked: 0, whole: 0, missed: 0, repeated: 0, bundles: 0, packets: 0 };

  /**
   * @param give takes a capture file of a flow that was judged; called within `frame`, `keep` and `finish`
   * @param seed of the hash of keys, so that a sender cannot choose ones that collide
   */
  constructor(give: (bundle: EvidenceBundle) => void, options: KeeperOptions = {}, seed = 0) {
    const { idleTimeout = IDLE_SECONDS } = options;
    this.#options = { ...KEEP_LIMITS, idleTimeout, ...options };
    this.#give = give;
    this.#idleUs = idleTimeout === 0 ? Infinity : idleTimeout * 1e6;
    this.#flows = new KeptFlows(this.#options.flows, seed);
    this.#ring = new FrameRing(this.#options.ringBytes, (owner, generation, place, next) =>
      this.#flows.released(owner, generation, place, next),
    );
    this.#frameBytes = Math.min(this.#options.frameBytes, this.#ring.longest);
  }

  get counters(): KeeperCounters {
    return {
      ...this.#counts,
      flows: this.#flows.size,
      ringBytes: this.#ring.used,
      flowsGivenUp: this.#flows.givenUp,
      packetsGivenUp: this.#ring.released,
    };
  }

  frame(view: DataView, at: number, end: number, wireLength: number, us: number, ns: number, linkType: number): void {
    const packet = this.#packet;
    if (decodeFrame(view, at, end, wireLength, linkType, packet) !== Status.Ok) return;
    packet.us = us;
    if (packet.fragmentId >= 0 && !this.#fragments.resolve(packet)) return;
    readKey(packet, false, this.#key);
    const flows = this.#flows;
    const found = flows.find(this.#key);
    const slot = found < 0 ? this.#open(us) : found;
    if (found >= 0 && this.#isAnother(slot, packet, us)) this.#restart(slot, us);
    flows.touch(slot, us);
    const packets = ++flows.packets[slot]!;
    if (packet.protocol === Protocol.Tcp && (packet.tcpFlags & (TcpFlag.Fin | TcpFlag.Rst)) !== 0) {
      flows.isClosed[slot] = 1;
    }
    if (flows.keeping[slot] === Keeping.First) {
      if (packets <= this.#options.packets) this.#remember(slot, view, at, end, wireLength, us, ns, linkType);
    } else if (flows.keeping[slot] === Keeping.Following) {
      this.#follow(slot, new Uint8Array(view.buffer, view.byteOffset + at, end - at), wireLength, us, ns, linkType);
    }
    if (this.#followed.size > 0 && Math.abs(us - this.#sweptUs) >= SWEEP_US) this.#sweep(us);
  }

  /**
   * A flow was judged: hands on its first packets, and goes on with those that follow. One that is asked for again is not kept
   * twice.
   */
  keep(flow: FlowKey, facts: VerdictFacts): void {
    this.#counts.asked++;
    const key = keyWords(flow);
    const slot = key === null ? -1 : this.#flows.find(key);
    if (slot < 0 || this.#flows.firstUs[slot]! > facts.lastUs + SLACK_US) {
      this.#counts.missed++;
      return;
    }
    if (this.#flows.keeping[slot] !== Keeping.First) {
      this.#counts.repeated++;
      return;
    }
    this.#giveFirst(slot, flow, facts);
    const [oldest] = this.#followed.keys();
    if (oldest !== undefined && this.#followed.size >= this.#options.followed) this.#leave(oldest);
    this.#flows.keeping[slot] = Keeping.Following;
    this.#followed.set(slot, { slot, flow, facts, builder: null });
  }

  /** Nothing has come up to `us` by the wall clock: flows that are over are handed on. */
  advance(us: number): void {
    if (this.#followed.size > 0) this.#sweep(us);
  }

  /** Hands on what has followed so far: before the end. */
  finish(): void {
    for (const slot of [...this.#followed.keys()]) this.#leave(slot);
  }

  #open(us: number): number {
    const { next } = this.#flows;
    if (next >= 0 && this.#flows.keeping[next] === Keeping.Following) this.#leave(next);
    return this.#flows.open(this.#key, us);
  }

  /** After a silence, or at the opening of a connection where one was seen to end. */
  #isAnother(slot: number, { protocol, tcpFlags }: Packet, us: number): boolean {
    const flows = this.#flows;
    if (us - flows.lastUs[slot]! > this.#idleUs) return true;
    const isOpening = protocol === Protocol.Tcp && (tcpFlags & (TcpFlag.Syn | TcpFlag.Ack)) === TcpFlag.Syn;
    return isOpening && flows.isClosed[slot] === 1;
  }

  #restart(slot: number, us: number): void {
    if (this.#flows.keeping[slot] === Keeping.Following) this.#leave(slot);
    this.#flows.restart(slot, us);
  }

  #remember(
    slot: number,
    view: DataView,
    at: number,
    end: number,
    wireLength: number,
    us: number,
    ns: number,
    linkType: number,
  ): void {
    const flows = this.#flows;
    const cut = Math.min(end, at + this.#frameBytes);
    // What gives way may be the flow's own: `first` is NOWHERE then, or a later one.
    const place = this.#ring.add(
      slot,
      flows.generation[slot]!,
      flows.last[slot]!,
      view,
      at,
      cut,
      wireLength,
      us,
      ns,
      linkType,
    );
    flows.last[slot] = place;
    if (flows.first[slot]! < 0) flows.first[slot] = place;
  }

  #follow(slot: number, frame: Uint8Array, wireLength: number, us: number, ns: number, linkType: number): void {
    const followed = this.#followed.get(slot)!;
    followed.builder ??= new PcapngBuilder(verdictComment(followed.flow, followed.facts, false));
    followed.builder.add(frame, wireLength, { us, ns }, linkType);
    const { packets, byteLength } = followed.builder;
    if (packets >= this.#options.followPackets || byteLength >= this.#options.followBytes) this.#leave(slot);
  }

  #giveFirst(slot: number, flow: FlowKey, facts: VerdictFacts): void {
    const flows = this.#flows;
    const wanted = Math.min(flows.packets[slot]!, this.#options.packets);
    const frames: Parameters<PcapngBuilder['add']>[] = [];
    this.#ring.each(flows.first[slot]!, (frame, wireLength, us, ns, linkType) => {
      frames.push([frame, wireLength, { us, ns }, linkType]);
    });
    if (frames.length === wanted) this.#counts.whole++;
    if (frames.length === 0) {
      this.#counts.missed++;
      return;
    }
    const builder = new PcapngBuilder(verdictComment(flow, facts, frames.length < wanted));
    for (const frame of frames) builder.add(...frame);
    this.#handOn(builder, flow, facts, 'first');
    flows.first[slot] = flows.last[slot] = NOWHERE;
  }

  /** No more of the flow is kept; what has followed is handed on. */
  #leave(slot: number): void {
    const followed = this.#followed.get(slot)!;
    this.#followed.delete(slot);
    this.#flows.keeping[slot] = Keeping.Done;
    if (followed.builder !== null) this.#handOn(followed.builder, followed.flow, followed.facts, 'following');
  }

  #handOn(builder: PcapngBuilder, flow: FlowKey, facts: VerdictFacts, stretch: EvidenceBundle['stretch']): void {
    const { packets } = builder;
    this.#counts.bundles++;
    this.#counts.packets += packets;
    this.#give({ flow, facts, stretch, packets, bytes: builder.bytes() });
  }

  #sweep(us: number): void {
    this.#sweptUs = us;
    for (const { slot } of [...this.#followed.values()]) {
      const silence = us - this.#flows.lastUs[slot]!;
      if (silence > (this.#flows.isClosed[slot] === 1 ? TAIL_US : this.#idleUs)) this.#leave(slot);
    }
  }
}
