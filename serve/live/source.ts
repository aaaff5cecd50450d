/** Where packets come from: streams of capture bytes (pcap or pcapng), one after the other. */

/** What became of packets before the sidecar saw them, and of what brought them. */
export interface SourceCounters {
  /** Packets that the kernel or the capturing program lost, as far as it says so; null where it cannot. */
  readonly captureDrops: number | null;
  /** Packets that the capturing program saw; null where it does not say. */
  readonly captured: number | null;
  /** How often the capturing program, or the connection, was started again. */
  readonly restarts: number;
  /** Streams that were begun: files, connections, children. */
  readonly streams: number;
  /** Bytes handed on. */
  readonly bytes: number;
}

/** Takes the bytes of a source. */
export interface StreamSink {
  /** A stream begins: its first bytes are those of a capture file. Flows go on from one stream to the next. */
  begin(name: string): void;
  /**
   * Bytes of it; borrowed until the call, or what it returns, settles.
   *
   * @returns a promise where the source has to wait for room: one that cannot wait goes on, and the kernel counts what it loses
   * @throws FlowlampError NOT_A_CAPTURE and the like: the stream is given up, the source goes on with the next
   */
  write(piece: Uint8Array): void | Promise<void>;
  /** The stream is over, whole or not. */
  end(): void | Promise<void>;
}

/** What a source has to tell the operator. */
export interface SourceNews {
  readonly level: 'info' | 'warn' | 'error';
  /** One line: what happened, and what is done about it. */
  readonly text: string;
}

export interface Source {
  /** For logs: `interface eth0`, `pcap -`. */
  readonly name: string;
  /** True for one that cannot be slowed down: packets that are not read in time are lost. */
  readonly isLive: boolean;
  /**
   * Brings all there is to `sink`; settles at the end of the source (never, of a live one) or after `signal` is aborted.
   *
   * @throws FlowlampError where there is nothing to bring and there will not be: no such file, no permission
   */
  run(sink: StreamSink, signal: AbortSignal, tell: (news: SourceNews) => void): Promise<void>;
  readonly counters: SourceCounters;
  /**
   * After `run` has settled: all that was handed on has been judged, and the sinks were drained. A source that keeps a journal
   * notes that it need not bring it again.
   */
  settled?(): void;
}
