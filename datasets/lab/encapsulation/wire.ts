/** Two ends of a connection joined in memory: what one writes the other reads at once, and every write is noted in order. */
import { Duplex } from 'node:stream';
import { joined } from '../dialogue/bytes.ts';
import type { Side } from '../dialogue/message.ts';

/** Neighbouring writes of one side. */
export interface Written {
  readonly from: Side;
  readonly bytes: Uint8Array;
}

class End extends Duplex {
  readonly #side: Side;
  readonly #log: Written[];
  other: End | null = null;

  constructor(side: Side, log: Written[]) {
    super({ allowHalfOpen: true });
    this.#side = side;
    this.#log = log;
  }

  override _read(): void {}

  override _write(chunk: Uint8Array, _encoding: string, done: (error?: Error) => void): void {
    this.#log.push({ from: this.#side, bytes: chunk }); // made by the TLS library for this write alone: no copy
    this.other?.push(chunk);
    done();
  }

  override _final(done: (error?: Error) => void): void {
    this.other?.push(null);
    done();
  }
}

export class Wire {
  readonly #log: Written[] = [];
  readonly client: Duplex;
  readonly server: Duplex;

  constructor() {
    const client = new End('client', this.#log);
    const server = new End('server', this.#log);
    client.other = server;
    server.other = client;
    this.client = client;
    this.server = server;
  }

  /** Writes seen so far and not yet taken. */
  get pendingCount(): number {
    return this.#log.length;
  }

  /** Takes what was written since the last call, neighbouring writes of one side joined. */
  take(): Written[] {
    const flights: { from: Side; parts: Uint8Array[] }[] = [];
    for (const { from, bytes } of this.#log.splice(0)) {
      const last = flights[flights.length - 1];
      if (last?.from === from) last.parts.push(bytes);
      else flights.push({ from, parts: [bytes] });
    }
    return flights.map(({ from, parts }) => ({ from, bytes: joined(parts) }));
  }

  /** Takes all that was written since the last call, by one side alone. */
  takeOne(): Uint8Array {
    const parts = this.#log.map(({ bytes }) => bytes);
    this.#log.length = 0;
    return joined(parts);
  }
}
