/**
 * What comes through a pipe or FIFO, in large pieces. A program that writes packet by packet would have us woken for each: a
 * read that brought little is therefore followed by a millisecond in which the pipe fills, which costs a fifth of the time
 * of reading at once.
 */
import { closeSync, constants, openSync } from 'node:fs';
import { Socket, type SocketConstructorOpts } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';

/** More than a pipe of Linux holds by default (64 KiB): others may have been widened. */
const READ_BYTES = 1 << 20;
/** A read of so much is followed by the next at once: half of a pipe, so that who writes need not wait. */
const ENOUGH_BYTES = 1 << 15;
const FILL_MS = 1;

/**
 * Opens a FIFO or pipe for reading. Neither waits for whoever will write, which would hold a thread of Node's and could
 * not be given up.
 */
export function openPipe(path: string): number {
  return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
}

/**
 * Pieces until the end of the pipe or until `signal` is aborted; each is borrowed until the next is asked for. Closes `fd`.
 *
 * @throws TypeError where `fd` is neither pipe nor socket
 */
export async function* pipePieces(fd: number, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const buffer = new Uint8Array(READ_BYTES);
  let wake: () => void = () => undefined;
  let count = 0;
  let isOver = false;
  let failure: Error | null = null;
  const onread = {
    buffer,
    callback: (length: number) => {
      count = length;
      wake();
      return false;
    },
  };
  // Its types know `onread` of sockets that connect only.
  const socket = new Socket({ fd, readable: true, writable: false, onread } as SocketConstructorOpts);
  const stop = () => void socket.destroy();
  socket.on('error', (cause) => {
    failure = cause;
  });
  socket.on('close', () => {
    isOver = true;
    wake();
  });
  signal.addEventListener('abort', stop);
  if (signal.aborted) stop();
  try {
    for (;;) {
      socket.resume();
      while (count === 0 && !isOver) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      if (count === 0) break;
      const length = count;
      count = 0;
      yield buffer.subarray(0, length);
      if (length < ENOUGH_BYTES && !isOver) await wait(FILL_MS);
    }
    if (failure !== null && !signal.aborted) throw failure;
  } finally {
    signal.removeEventListener('abort', stop);
    stop();
  }
}

/** Opens and closes a FIFO for writing: who reads it comes to its end, even where nobody ever wrote. */
export function endFifo(path: string): void {
  try {
    closeSync(openSync(path, constants.O_WRONLY | constants.O_NONBLOCK));
  } catch {
    // It is gone, or nobody reads it.
  }
}
