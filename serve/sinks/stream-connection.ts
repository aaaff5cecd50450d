/**
 * A connection that bytes are written to, made when there are some and made again when it breaks. What the other side says is
 * read and thrown away. A byte counts as delivered when the kernel has taken it: neither syslog nor EVE has an answer, so that
 * what a peer had not read when it died is lost unnoticed.
 */
import type { Socket } from 'node:net';
import type { Lines } from './log-file.ts';

/** Begins to connect; `ready` is the event that says that it has. */
export interface Dialled {
  readonly socket: Socket;
  readonly ready: 'connect' | 'secureConnect';
}

const KEEP_ALIVE_MS = 30_000;
const CLOSE_MS = 1_000;

export class StreamConnection implements Lines {
  readonly #dial: () => Dialled;
  #socket: Socket | null = null;

  constructor(dial: () => Dialled) {
    this.#dial = dial;
  }

  /** Where the connection breaks in the middle, all is written again on the next. */
  async write(bytes: Uint8Array, signal: AbortSignal): Promise<void> {
    const socket = this.#socket ?? (await this.#connect(signal));
    await this.#until(socket, signal, (resolve, reject) => {
      socket.write(bytes, (error) => {
        if (error) reject(error);
        // Node calls back without an error when a socket is destroyed that has not written all; `close` follows.
        else if (!socket.destroyed) resolve();
      });
    });
  }

  async #connect(signal: AbortSignal): Promise<Socket> {
    const { socket, ready } = this.#dial();
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    socket.setNoDelay(true);
    socket.on('error', () => undefined); // `close` follows
    socket.on('end', () => socket.destroy());
    socket.on('close', () => {
      if (this.#socket === socket) this.#socket = null;
    });
    await this.#until(socket, signal, (resolve) => socket.once(ready, resolve));
    socket.resume();
    this.#socket = socket;
    return socket;
  }

  /** Until the work is done, the connection closed or the attempt over, which closes it. */
  async #until(
    socket: Socket,
    signal: AbortSignal,
    work: (resolve: () => void, reject: (error: Error) => void) => void,
  ): Promise<void> {
    let failure: Error = new Error('the connection was closed by the other side');
    const note = (error: Error) => {
      failure = error;
    };
    let onClose = () => {};
    const onAbort = () => {
      failure = new Error('given up');
      socket.destroy();
    };
    socket.once('error', note);
    signal.addEventListener('abort', onAbort);
    try {
      await new Promise<void>((resolve, reject) => {
        onClose = () => reject(failure);
        socket.once('close', onClose);
        if (signal.aborted) onAbort();
        work(resolve, reject);
      });
    } catch (error) {
      socket.destroy();
      if (this.#socket === socket) this.#socket = null;
      throw error;
    } finally {
      socket.off('error', note);
      socket.off('close', onClose);
      signal.removeEventListener('abort', onAbort);
    }
  }

  wakeAt(): null {
    return null;
  }

  async tend(): Promise<void> {}

  /** The next bytes go over a new connection. */
  async reopen(): Promise<void> {
    await this.close();
  }

  async close(): Promise<void> {
    const socket = this.#socket;
    this.#socket = null;
    if (socket === null || socket.destroyed) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => socket.destroy(), CLOSE_MS);
      socket.once('close', () => {
        clearTimeout(timer);
        resolve();
      });
      // A peer may read what there is before it closes its side.
      socket.end();
    });
  }
}
