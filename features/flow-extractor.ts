/**
 * Frames in, ended flows out: link and transport decoding, flow tracking, handshakes. Rows are made of the flows
 * elsewhere (vector/rows.ts), perhaps in another thread. Free of input and output.
 */
import type { Ciphers } from '../core/ciphers.ts';
import type { Digests } from '../core/digest.ts';
import type { FrameSink } from './capture/packet-sink.ts';
import { cachedDigests } from './fingerprint/cache.ts';
import type { ChainSummary } from './fingerprint/certificates.ts';
import { hassh, hasshServer } from './fingerprint/hassh.ts';
import { Ja4Transport } from './fingerprint/ja4.ts';
import { type ClientSummary, type ServerSummary, tlsFlowSummariser, tlsSummariser } from './fingerprint/tls-summary.ts';
import type { FlowBlock } from './flow/flow-block.ts';
import { Field } from './flow/flow-state.ts';
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
import { DatagramWatch } from './protocol/datagram-watch.ts';
import { DnsMessages } from './protocol/dns/dns-messages.ts';
import { dnsOverTcp } from './protocol/dns/dns-reader.ts';
import { DnsWatch } from './protocol/dns/dns-watch.ts';
import { FlowNames } from './protocol/dns/flow-names.ts';
import { ResolvedNames } from './protocol/dns/resolved-names.ts';
import { dtlsProtocol } from './protocol/dtls/dtls-protocol.ts';
import { httpProtocol } from './protocol/http/http-reader.ts';
import { accountShower, type LoginOptions } from './protocol/mining/login.ts';
import { MiningWatch } from './protocol/mining/mining-watch.ts';
import { QuicProtocol } from './protocol/quic/quic-protocol.ts';
import { SharedTexts } from './protocol/shared-texts.ts';
import { sshProtocol } from './protocol/ssh/ssh-reader.ts';
import { StreamWatch } from './protocol/stream-watch.ts';
import { TlsWatch } from './protocol/tls-watch.ts';
import { type Watch, Watches } from './protocol/watch.ts';
import { CERTIFICATE, CHAIN_COLUMNS, writeCertificate } from './vector/certificate.ts';
import { DNS, writeDns } from './vector/dns.ts';
import { DTLS, writeDtls } from './vector/dtls.ts';
import { FACT, FACT_NAMES } from './vector/fact-columns.ts';
import { FactWriter } from './vector/facts.ts';
import { HTTP, writeHttp } from './vector/http.ts';
import { MINING, writeMining } from './vector/mining.ts';
import { NAMES } from './vector/names.ts';
import { QUIC, writeQuic } from './vector/quic.ts';
import { FEATURES } from './vector/schema.ts';
import type { FeatureRows } from './vector/spec.ts';
import { SSH, writeSsh } from './vector/ssh.ts';
import { RAW_FINGERPRINTS, TLS, writeTls } from './vector/tls.ts';
import { RECORD_COLUMNS, TLS_FLOW, writeTlsFlow } from './vector/tls-flow.ts';
import { writeTunnel } from './vector/tunnel.ts';

export interface FlowOptions {
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
  /** What is shown of the accounts of miners. Default a hash that is the same for everybody. */
  readonly logins?: LoginOptions;
  /** Names of the columns that rows have: what only others need is not computed. Default FEATURES. */
  readonly columns?: readonly string[];
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
  /** TLS handshakes given up half-read, over TCP, QUIC and DTLS, because too many were (see LIMITS.handshakeBytes). */
  readonly handshakesGivenUp: number;
  /** QUIC packets not tried to be opened, because their connection had its share (see QUIC_LIMITS.openings). */
  readonly quicUntried: number;
  /**
   * Flows of HTTP, SSH, DNS and mining given up half-read, because too many were (see CLEAR_LIMITS.heldBytes,
   * MINING_LIMITS.heldBytes).
   */
  readonly streamsGivenUp: number;
  /** Time of the first and last packet, of several captures those of the last: microseconds since 1970; null without packets. */
  readonly firstUs: number | null;
  readonly lastUs: number | null;
}

/** Where ended flows go, in the order in which they end. */
export interface BlockSink {
  /** An empty block to fill. */
  take(): FlowBlock;
  /** A filled block, which has at least one flow; it is not touched any more. */
  give(block: FlowBlock): void;
}

export class FlowExtractor implements FrameSink {
  readonly #packet = new Packet();
  readonly #fragments = new Fragments();
  readonly #drops = new Float64Array(DROP_NAMES.length);
  readonly #tracker: FlowTracker;
  readonly #tls: TlsWatch<ClientSummary, ServerSummary, ChainSummary>;
  readonly #quic: QuicProtocol<ClientSummary, ServerSummary>;
  /** Who reads payload; only those whose columns are wanted. */
  readonly #readers: readonly Reader[];
  readonly #watches: Watches;
  readonly #outer = new OuterPairs();
  readonly #names: FlowNames;
  /** Those whose half-read flows are given up, first come first, if there are too many. */
  readonly #handshakes: readonly GivingUp[];
  readonly #streams: readonly GivingUp[];
  readonly #sink: BlockSink;
  readonly #facts: FactWriter;
  #block: FlowBlock | null = null;
  #rows = 0;
  #frames = 0;
  #wireBytes = 0;
  #firstUs = Infinity;
  #lastUs = -Infinity;

  constructor(digests: Digests & Ciphers, sink: BlockSink, options: FlowOptions = {}) {
    this.#sink = sink;
    const columns = options.columns ?? FEATURES.map(({ name }) => name);
    this.#facts = new FactWriter(FACT_NAMES.map((name) => columns.includes(name)));
    const observer: FlowObserver = {
      opened: (slot, side, packet) => {
        this.#watches.opened(slot, packet.protocol);
        this.#outer.opened(slot, side, packet);
        this.#names.opened(slot, side, packet);
      },
      payload: (slot, side, packet) => {
        if (!packet.isFragment) this.#watches.payload(slot, side, packet);
      },
      continued: (slot, successor) => {
        this.#watches.continued(slot, successor);
        this.#outer.passOn(slot, successor);
        this.#names.passOn(slot, successor);
      },
      copied: (slot, copy) => {
        this.#watches.copied(slot, copy);
        this.#outer.passOn(slot, copy);
        this.#names.passOn(slot, copy);
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
    const { state } = this.#tracker;
    const cached = cachedDigests(digests);
    const texts = new SharedTexts();
    const resolved = new ResolvedNames(texts);
    this.#names = new FlowNames(state, resolved);
    const isWanted = (name: string) => columns.includes(name);
    const withRaw = RAW_FINGERPRINTS.some(isWanted);
    this.#tls = new TlsWatch(state, tlsFlowSummariser(cached, undefined, withRaw), undefined, {
      records: RECORD_COLUMNS.some(isWanted),
      chains: CHAIN_COLUMNS.some(isWanted),
    });
    this.#quic = new QuicProtocol(digests, tlsSummariser(cached, undefined, Ja4Transport.Quic, withRaw));
    const quic = new DatagramWatch(this.#quic);
    const dtls = new DatagramWatch(dtlsProtocol(tlsSummariser(cached, undefined, Ja4Transport.Dtls, withRaw)));
    this.#handshakes = [this.#tls, quic, dtls];
    const http = new StreamWatch(state, httpProtocol(texts));
    const ssh = new StreamWatch(
      state,
      sshProtocol(texts, (lists) => ({ hassh: hassh(lists, cached), hasshServer: hasshServer(lists, cached) })),
    );
    const messages = new DnsMessages(texts, resolved);
    const dns = new DnsWatch(messages);
    const tcpDns = new StreamWatch(state, dnsOverTcp(messages));
    const mining = new MiningWatch(state, {
      text: (bytes, at, end) => texts.of(bytes, at, end),
      showAccount: accountShower(digests, options.logins ?? {}),
    });
    this.#streams = [http, ssh, dns, tcpDns, mining];
    const readers = [
      // One line for each protocol.
      reader({ ...TLS, ...NAMES, ...TLS_FLOW, ...CERTIFICATE }, this.#tls, (facts, tls) => {
        writeTls(facts, FACT, tls);
        writeTlsFlow(facts, FACT, tls);
        writeCertificate(facts, FACT, tls);
      }),
      reader({ ...TLS, ...NAMES, ...QUIC }, quic, (facts, summary) => writeQuic(facts, FACT, summary)),
      reader({ ...TLS, ...NAMES, ...DTLS }, dtls, (facts, summary) => writeDtls(facts, FACT, summary)),
      reader(HTTP, http, (facts, summary) => writeHttp(facts, FACT, summary)),
      reader(SSH, ssh, (facts, summary, slot) => writeSsh(facts, FACT, summary, state.get(slot, Field.Forward))),
      reader(DNS, dns, (facts, record) => writeDns(facts, FACT, record)),
      reader(DNS, tcpDns, (facts, record) => writeDns(facts, FACT, record)),
      reader(MINING, mining, (facts, summary, slot) => {
        const [firstUs, lastUs] = [state.get(slot, Field.FirstUs), state.get(slot, Field.LastUs)];
        writeMining(facts, FACT, summary, state.get(slot, Field.Forward), firstUs, lastUs);
      }),
    ];
    this.#readers = readers.filter((one) => Object.keys(one.columns).some((name) => columns.includes(name)));
    this.#watches = new Watches(this.#readers.map(({ watch }) => watch));
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

  /** Packets of another capture follow, in which flows go on. */
  nextCapture(): void {
    this.#packet.capture++;
    this.#firstUs = Infinity;
    this.#lastUs = -Infinity;
  }

  /**
   * Nothing has come up to `us` (microseconds since 1970) by the wall clock: ends the flows whose time is over and hands
   * them on at once. For live sources, whose silence no packet shows.
   */
  advance(us: number): void {
    this.#tracker.advance(us);
    this.#flush();
  }

  /** Hands on the flows that have ended and whose turn it is, without waiting until they are many. */
  flush(): void {
    this.#tracker.handOn();
    this.#flush();
  }

  /** The capture is over: ends all flows and hands on the last ones. */
  finish(): ExtractCounters {
    this.#tracker.finish();
    this.#flush();
    return this.counters;
  }

  /** Flows that are held now. */
  get openFlows(): number {
    return this.#tracker.openFlows;
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
      rows: this.#rows,
      evictedFlows: evicted,
      outOfOrderPackets: outOfOrder,
      earlyRows,
      handshakesGivenUp: givenUpBy(this.#handshakes),
      quicUntried: this.#quic.untried,
      streamsGivenUp: givenUpBy(this.#streams),
      firstUs: this.#firstUs > this.#lastUs ? null : this.#firstUs,
      lastUs: this.#firstUs > this.#lastUs ? null : this.#lastUs,
    };
  }

  #emit(slot: number): void {
    this.#block ??= this.#sink.take();
    const block = this.#block;
    const facts = this.#facts;
    facts.turnTo(block.facts, block.factEnds[block.count]!);
    for (let i = 0; i < this.#readers.length; i++) {
      if (this.#watches.isWatching(slot, i)) this.#readers[i]!.write(facts, slot);
    }
    facts.text(FACT.dns_name, this.#names.of(slot));
    const outer = this.#outer.of(slot);
    if (outer !== null) writeTunnel(facts, FACT, outer, this.#tracker.state.get(slot, Field.Forward));
    block.add(this.#tracker.state, slot, this.#tracker.keys, facts.at);
    this.#watches.closed(slot);
    this.#rows++;
    if (block.isFull) this.#flush();
  }

  #flush(): void {
    const block = this.#block;
    this.#block = null;
    if (block !== null) this.#sink.give(block);
  }
}

/** A watch, the columns that it has something to say about, and how it says it. */
interface Reader {
  readonly columns: FeatureRows;
  readonly watch: Watch<unknown>;
  readonly write: (facts: FactWriter, slot: number) => void;
}

interface GivingUp {
  readonly givenUp: number;
}

function givenUpBy(watches: readonly GivingUp[]): number {
  return watches.reduce((sum, { givenUp }) => sum + givenUp, 0);
}

function reader<Summary>(
  columns: FeatureRows,
  watch: Watch<Summary>,
  write: (facts: FactWriter, summary: Summary, slot: number) => void,
): Reader {
  return {
    columns,
    watch,
    write: (facts, slot) => {
      const summary = watch.of(slot);
      if (summary !== null) write(facts, summary, slot);
    },
  };
}

function microseconds(seconds: number): number {
  return seconds === 0 ? Infinity : seconds * 1e6;
}
