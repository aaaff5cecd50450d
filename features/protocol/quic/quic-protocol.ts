/** QUIC for the watch of datagrams: the first byte and the version of a datagram tell it. */
import type { Ciphers } from '../../../core/ciphers.ts';
import type { DatagramProtocol } from '../datagram-watch.ts';
import type { HelloReader } from '../tls/hello-reader.ts';
import { looksLikeQuic, QuicConnection } from './connection.ts';
import { QUIC_LIMITS } from './limits.ts';

export class QuicProtocol<Client, Server> implements DatagramProtocol<QuicConnection<Client, Server>> {
  readonly looks = QUIC_LIMITS.looks;
  readonly readingBytes: number;
  readonly begins = looksLikeQuic;
  readonly #ciphers: Ciphers;
  readonly #hellos: HelloReader<Client, Server>;
  /** Packets that were not tried to be opened, because their connection had its share (see QUIC_LIMITS). */
  untried = 0;

  /** @param readingBytes of connections half-read, all flows together */
  constructor(ciphers: Ciphers, hellos: HelloReader<Client, Server>, readingBytes: number = QUIC_LIMITS.readingBytes) {
    this.#ciphers = ciphers;
    this.#hellos = hellos;
    this.readingBytes = readingBytes;
  }

  reader(side: 0 | 1): QuicConnection<Client, Server> {
    return new QuicConnection(this.#ciphers, this.#hellos, side);
  }

  stopped({ untried }: QuicConnection<Client, Server>): void {
    this.untried += untried;
  }
}
