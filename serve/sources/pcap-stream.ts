/**
 * `--pcap -`: one stream of capture bytes from standard input, a FIFO or a file; its end is the source's. gzip and zstd are
 * unpacked. Sections of pcapng may follow each other; of classic files that follow each other the first alone is read.
 */
import { statSync } from 'node:fs';
import { isatty } from 'node:tty';
import { ErrorCode, FlowlampError } from '../../core/errors.ts';
import { Damage } from '../../features/capture/decoder.ts';
import {
  nameOf,
  newInputAccount,
  readInput,
  STANDARD_INPUT,
  unpacked,
  unreadable,
} from '../../features/capture/input.ts';
import { emptyFile } from '../../features/capture/reader.ts';
import type { Source, SourceCounters, SourceNews, StreamSink } from '../live/source.ts';
import type { PcapConfig } from './config.ts';
import { filePieces, paced } from './file-pieces.ts';
import { Outlet, pump } from './outlet.ts';
import { openPipe, pipePieces } from './pipe-pieces.ts';

const STANDARD_INPUT_FD = 0;

export class PcapStream implements Source {
  readonly name: string;
  readonly isLive: boolean;
  readonly #path: string;
  readonly #isFile: boolean;
  #outlet: Outlet | null = null;

  /** @throws FlowlampError FILE_NOT_FOUND, FILE_UNREADABLE; OPTION_INVALID for a terminal or folder */
  constructor({ path, isLive }: PcapConfig) {
    this.#path = path;
    this.#isFile = isRegular(path);
    this.isLive = isLive ?? !this.#isFile;
    this.name = `pcap ${path}`;
  }

  get counters(): SourceCounters {
    const { streams = 0, bytes = 0 } = this.#outlet ?? {};
    return { captureDrops: null, captured: null, restarts: 0, streams, bytes };
  }

  async run(sink: StreamSink, signal: AbortSignal, tell: (news: SourceNews) => void): Promise<void> {
    const outlet = new Outlet(sink);
    this.#outlet = outlet;
    const name = nameOf(this.#path);
    const account = newInputAccount();
    outlet.open(name);
    try {
      await pump(paced(unpacked(this.#pieces(signal), account), signal), outlet);
    } catch (cause) {
      await outlet.giveUp();
      // A file is read as far as it goes, as by the other commands; of a pipe more would have come.
      const isDamaged = cause instanceof FlowlampError && cause.code === ErrorCode.CaptureDamaged;
      if (this.isLive || !isDamaged) throw cause;
    }
    if (outlet.streams === 0 && !signal.aborted) throw emptyFile(name);
    await outlet.close();
    if (account.damage !== Damage.None && !signal.aborted) {
      tell({ level: 'warn', text: `${name} was packed and ends too early; what could be unpacked was read` });
    }
  }

  #pieces(signal: AbortSignal): AsyncIterable<Uint8Array> {
    const isInput = this.#path === STANDARD_INPUT;
    // By its number: the stream that Node makes of it belongs to the main thread, and is empty in others.
    if (this.#isFile && isInput) return filePieces(STANDARD_INPUT_FD, null);
    if (this.#isFile) return readInput(this.#path, newInputAccount());
    let fd: number;
    try {
      fd = isInput ? STANDARD_INPUT_FD : openPipe(this.#path);
    } catch (cause) {
      throw unreadable(this.#path, cause);
    }
    return pipePieces(fd, signal);
  }
}

/** True for what can be read at any time; false for pipes, FIFOs and sockets. */
function isRegular(path: string): boolean {
  const isInput = path === STANDARD_INPUT;
  if (isInput && isatty(STANDARD_INPUT_FD)) throw unusable('standard input is a terminal', 'pipe a capture into it');
  try {
    // Standard input that was redirected is a file, too.
    const status = statSync(isInput ? '/dev/stdin' : path);
    if (status.isDirectory()) throw unusable(`${path} is a folder`, 'use --watch or --replay for folders');
    if (status.isFIFO() || status.isSocket()) return false;
    return true;
  } catch (cause) {
    if (cause instanceof FlowlampError) throw cause;
    throw unreadable(path, cause);
  }
}

function unusable(happened: string, action: string): FlowlampError {
  return new FlowlampError(ErrorCode.OptionInvalid, {
    happened,
    expected: 'a pipe, a FIFO or a capture file',
    action,
  });
}
