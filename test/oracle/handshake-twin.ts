/**
 * The slow twin of features/protocol/handshake-watch.ts for one flow: from the first segment that may begin a handshake
 * on, every byte goes through a reassembler and the stream reader, and nothing is read in place.
 */
import { Prefix, PrefixStatus } from '../../features/flow/prefix.ts';
import type { Packet } from '../../features/packet/packet.ts';
import { TlsHandshake, TlsStatus } from '../../features/protocol/tls/handshake-reader.ts';
import type { HelloReader, Hellos } from '../../features/protocol/tls/hello-reader.ts';
import { looksLikeTls } from '../../features/protocol/tls/record.ts';

const MAX_LOOKS = 8;

export class HandshakeTwin<Client, Server> {
  readonly #handshake: TlsHandshake<Client, Server>;
  #streams: readonly [Prefix, Prefix] | null = null;
  #looks = 0;
  #isOver = false;

  constructor(hellos: HelloReader<Client, Server>) {
    this.#handshake = new TlsHandshake(hellos);
  }

  get summary(): Hellos<Client, Server> | null {
    const { clientHello: client, serverHello: server } = this.#handshake;
    return client === null && server === null ? null : { client, server };
  }

  /** @param firsts sequence number of the first payload byte of each side as far as SYNs were seen by now, else null */
  payload(side: 0 | 1, packet: Packet, firsts: readonly [number | null, number | null]): void {
    if (this.#isOver) return;
    const bytes = new Uint8Array(packet.view.buffer, packet.view.byteOffset, packet.view.byteLength);
    const { payloadAt, payloadEnd, sequence } = packet;
    if (this.#streams === null) {
      const isEarly = this.#looks === 0 && firsts[side] !== null && firsts[side] !== sequence;
      if (!looksLikeTls(bytes, payloadAt, payloadEnd) && !isEarly) {
        this.#isOver = ++this.#looks === MAX_LOOKS;
        return;
      }
      const [first0, first1] = this.#looks === 0 ? firsts : [null, null];
      this.#streams = [new Prefix(first0), new Prefix(first1)];
    }
    this.#streams[side].push(sequence, bytes, payloadAt, payloadEnd, (from, at, end) =>
      this.#handshake.feed(side, from, at, end),
    );
    const exhausted = this.#streams.every(({ status }) => status >= PrefixStatus.Full);
    this.#isOver = exhausted || this.#handshake.status !== TlsStatus.Reading;
  }
}
