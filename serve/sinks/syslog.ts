/**
 * Messages of syslog over UDP (RFC 5426), TCP (RFC 6587), TLS (RFC 5425) or a unix stream socket. Over streams each message
 * stands behind its length (octet counting), or, where asked for, before a line end. Syslog has no answer: what the kernel has
 * taken is delivered.
 */
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import type { Item } from '../live/items.ts';
import { bytesForm, type Destination } from './destination.ts';
import type { StreamConnection } from './stream-connection.ts';
import { type SyslogOptions, syslogMessage } from './syslog-message.ts';

export type Framing = 'octet-counting' | 'newline';

/** Takes whole messages. */
export interface Carrier {
  send(messages: readonly Uint8Array[], signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

export class SyslogDestination implements Destination<Uint8Array> {
  readonly form = bytesForm('syslog/1');
  readonly #options: SyslogOptions;
  readonly #carrier: Carrier;

  constructor(options: SyslogOptions, carrier: Carrier) {
    this.#options = options;
    this.#carrier = carrier;
  }

  encode(item: Item): Uint8Array | null {
    return syslogMessage(item, this.#options);
  }

  send(payloads: readonly Uint8Array[], signal: AbortSignal): Promise<void> {
    return this.#carrier.send(payloads, signal);
  }

  close(): Promise<void> {
    return this.#carrier.close();
  }
}

export function streamCarrier(connection: StreamConnection, framing: Framing): Carrier {
  const frame = framing === 'newline' ? lineOf : counted;
  return {
    send: (messages, signal) => connection.write(Buffer.concat(messages.flatMap(frame)), signal),
    close: () => connection.close(),
  };
}

/** `MSG-LEN SP SYSLOG-MSG` (RFC 6587 3.4.1, RFC 5425 4.3). */
function counted(message: Uint8Array): Uint8Array[] {
  return [Buffer.from(`${message.length} `), message];
}

const LINE_FEED = Uint8Array.of(0x0a);

/** RFC 6587 3.4.2; messages hold no line ends. */
function lineOf(message: Uint8Array): Uint8Array[] {
  return [message, LINE_FEED];
}

/** A datagram each. Where nobody listens on the machine itself, the next one fails, and is tried again. */
export class UdpCarrier implements Carrier {
  readonly #host: string;
  readonly #port: number;
  #socket: UdpSocket | null = null;
  /** What the kernel has said since of datagrams that went before. */
  #failure: Error | null = null;
  /** Of the batch that is being sent, messages that have gone: not sent again after one that failed. */
  #sent = 0;
  #batch: readonly Uint8Array[] | null = null;

  constructor(host: string, port: number) {
    this.#host = host;
    this.#port = port;
  }

  async send(messages: readonly Uint8Array[], signal: AbortSignal): Promise<void> {
    if (this.#batch !== messages) [this.#batch, this.#sent] = [messages, 0];
    try {
      const socket = this.#socket ?? (await this.#connect(signal));
      for (; this.#sent < messages.length; this.#sent++) {
        signal.throwIfAborted();
        if (this.#failure !== null) throw this.#failure;
        await sendOne(socket, messages[this.#sent]!);
      }
      this.#batch = null;
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  async #connect(signal: AbortSignal): Promise<UdpSocket> {
    const socket = createSocket(isIPv6(this.#host) ? 'udp6' : 'udp4');
    this.#socket = socket;
    await new Promise<void>((resolve, reject) => {
      // A refusal is told once: to whoever looks next, be it the next send or the socket that listens for answers.
      socket.on('error', (error) => {
        if (this.#socket === socket) this.#failure = error;
        reject(error);
      });
      socket.connect(this.#port, this.#host, resolve);
      signal.addEventListener('abort', () => reject(new Error('given up')), { once: true });
    });
    return socket;
  }

  async close(): Promise<void> {
    const socket = this.#socket;
    this.#socket = null;
    this.#failure = null;
    if (socket !== null) await new Promise<void>((resolve) => socket.close(resolve));
  }
}

function sendOne(socket: UdpSocket, message: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.send(message, (error) => (error === null ? resolve() : reject(error)));
  });
}
