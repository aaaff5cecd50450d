/**
 * Captures over TCP, as PolarProxy, Arkime and netcat hand them over (port 57012 by custom): the server sends a capture and
 * goes on with its packets. We connect to it, and again when the connection ends; or we listen and the sensor connects.
 * The stream is neither encrypted nor authenticated: it belongs on loopback, or into a tunnel.
 */
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { ErrorCode, FlowlampError } from '../../core/errors.ts';
import type { Source, SourceCounters, SourceNews, StreamSink } from '../live/source.ts';
import { BACK_OFF, BackOff, type BackOffBounds, inSeconds, pause } from './back-off.ts';
import type { PcapOverIpConfig } from './config.ts';
import { Outlet, pump } from './outlet.ts';

const LISTEN = 'listen:';
const LOOPBACK = '127.0.0.1';
const CUSTOMARY_PORT = 57_012;
/** A peer that has connected sends the head of its capture at once. */
const HANDSHAKE_MS = 30_000;
/** A peer that vanished without a word is noticed by probes of TCP, which begin after so long a silence. */
const KEEP_ALIVE_MS = 60_000;

export interface Address {
  readonly host: string;
  readonly port: number;
  readonly isListening: boolean;
}

/** Times that tests shorten. */
export interface ConnectionTiming {
  readonly backOff?: BackOffBounds;
  readonly handshakeMs?: number;
}

/**
 * `HOST:PORT`, `[IPV6]:PORT`, `HOST`; `listen:PORT`, `listen:HOST:PORT`.
 *
 * @throws FlowlampError OPTION_INVALID
 */
export function readAddress(text: string): Address {
  const isListening = text.startsWith(LISTEN);
  const rest = isListening ? text.slice(LISTEN.length) : text;
  const bare = isListening && /^\d+$/.test(rest) ? `${LOOPBACK}:${rest}` : rest;
  const found = /^(?:\[([0-9A-Fa-f:.%a-z]+)\]|([A-Za-z0-9._-]+))(?::(\d{1,5}))?$/.exec(bare);
  const host = found?.[1] ?? found?.[2];
  const port = Number(found?.[3] ?? CUSTOMARY_PORT);
  // Port 0 is any free one: of use to listen on, not to connect to.
  if (host !== undefined && port < 65_536 && (port > 0 || isListening)) return { host, port, isListening };
  throw new FlowlampError(ErrorCode.OptionInvalid, {
    happened: `"${text.slice(0, 80)}" is no address`,
    expected: `HOST:PORT, [IPV6]:PORT or ${LISTEN}[HOST:]PORT`,
    action: 'correct --pcap-over-ip',
  });
}

export class PcapOverIp implements Source {
  readonly name: string;
  readonly isLive = true;
  readonly #address: Address;
  readonly #backOff: BackOffBounds;
  readonly #handshakeMs: number;
  #outlet: Outlet | null = null;
  #restarts = 0;
  /** Where it listens, once it does. */
  listeningPort: number | null = null;

  /** @throws FlowlampError OPTION_INVALID for an address that is none */
  constructor({ address }: PcapOverIpConfig, timing: ConnectionTiming = {}) {
    this.#address = readAddress(address);
    this.#backOff = timing.backOff ?? BACK_OFF;
    this.#handshakeMs = timing.handshakeMs ?? HANDSHAKE_MS;
    this.name = `pcap-over-ip ${address}`;
  }

  get counters(): SourceCounters {
    const { streams = 0, bytes = 0 } = this.#outlet ?? {};
    return { captureDrops: null, captured: null, restarts: this.#restarts, streams, bytes };
  }

  async run(sink: StreamSink, signal: AbortSignal, tell: (news: SourceNews) => void): Promise<void> {
    const outlet = new Outlet(sink);
    this.#outlet = outlet;
    if (this.#address.isListening) await this.#listen(outlet, signal, tell);
    else await this.#connect(outlet, signal, tell);
  }

  /** Again and again: whoever starts first, sensor or sidecar, they find each other. */
  async #connect(outlet: Outlet, signal: AbortSignal, tell: (news: SourceNews) => void): Promise<void> {
    const { host, port } = this.#address;
    const backOff = new BackOff(this.#backOff);
    while (!signal.aborted) {
      const started = performance.now();
      const why = await this.#receive(connect({ host, port }), outlet, signal, tell);
      if (signal.aborted) return;
      const waitMs = backOff.next(performance.now() - started);
      tell({ level: 'warn', text: `${this.name}: ${why}; connected to again in ${inSeconds(waitMs)}` });
      await pause(waitMs, signal);
      if (!signal.aborted) this.#restarts++;
    }
  }

  /** One sensor at a time: streams come one after the other. */
  async #listen(outlet: Outlet, signal: AbortSignal, tell: (news: SourceNews) => void): Promise<void> {
    const server = createServer();
    let receiving: Promise<void> | null = null;
    server.on('connection', (socket) => {
      if (receiving !== null) {
        tell({ level: 'warn', text: `${this.name}: ${peerOf(socket)} was turned away: another sensor is connected` });
        socket.destroy();
        return;
      }
      if (outlet.streams > 0) this.#restarts++;
      receiving = this.#receive(socket, outlet, signal, tell).then((why) => {
        receiving = null;
        if (!signal.aborted) tell({ level: 'warn', text: `${this.name}: ${why}; listening for the next sensor` });
      });
    });
    await this.#openServer(server);
    this.listeningPort = (server.address() as { port: number }).port;
    tell({ level: 'info', text: `${this.name}: listening on port ${this.listeningPort}` });
    if (!signal.aborted) await once(signal, 'abort');
    server.close();
    await receiving;
  }

  async #openServer(server: Server): Promise<void> {
    const { host, port } = this.#address;
    try {
      server.listen(port, host);
      await once(server, 'listening');
    } catch (cause) {
      throw new FlowlampError(ErrorCode.Unsupported, {
        happened: `${this.name} cannot listen (${(cause as NodeJS.ErrnoException).code})`,
        expected: 'a free port, and an address of this machine',
        action: 'choose another, or end what listens there',
        cause,
      });
    }
  }

  /** One connection, from its first byte to its end. Returns how it ended, in a few words. */
  async #receive(
    socket: Socket,
    outlet: Outlet,
    signal: AbortSignal,
    tell: (news: SourceNews) => void,
  ): Promise<string> {
    const stop = () => void socket.destroy();
    signal.addEventListener('abort', stop);
    if (signal.aborted) stop();
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    const timer = setTimeout(() => {
      if (!outlet.isBegun) socket.destroy(new Error(`no capture within ${inSeconds(this.#handshakeMs)}`));
    }, this.#handshakeMs);
    outlet.open(this.name);
    try {
      await pump(
        told(socket, () => tell({ level: 'info', text: `${this.name}: connected` })),
        outlet,
      );
      await outlet.close();
      return 'the connection was closed';
    } catch (cause) {
      await outlet.giveUp();
      return cause instanceof FlowlampError ? cause.happened : reasonOf(cause);
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', stop);
      socket.destroy();
    }
  }
}

/** The pieces of a connection; `begin` is called at the first. */
async function* told(socket: Socket, begin: () => void): AsyncGenerator<Uint8Array> {
  let isFirst = true;
  for await (const piece of socket) {
    if (isFirst) begin();
    isFirst = false;
    yield piece as Uint8Array;
  }
}

function reasonOf(cause: unknown): string {
  const { code, message } = cause as NodeJS.ErrnoException;
  return code === undefined ? message : `the connection failed (${code})`;
}

function peerOf(socket: Socket): string {
  return `${socket.remoteAddress}:${socket.remotePort}`;
}
