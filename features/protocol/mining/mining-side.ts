/** What one side of a flow says: bytes in order, through whatever they are wrapped in, to JSON messages. */
import { FollowedStream, type StreamSink } from './followed-stream.ts';
import { beginsLikeHttp, type HttpListener, HttpSide } from './http-side.ts';
import type { JsonMessage } from './json-message.ts';
import { JsonScanner, ScanStatus } from './json-scanner.ts';
import { beginsLikeFrame, WebSocketSide } from './websocket-side.ts';

const OPEN_OBJECT = 0x7b;
const OPEN_ARRAY = 0x5b;
const SPACE = 0x20;
/** Memory of a scanner, bytes. */
const SCANNER_BYTES = 7 * 1024;

/** Scanners that no side is in the middle of an object with: most segments end where a message does. */
export class Scanners {
  readonly #free: JsonScanner[] = [];

  take(): JsonScanner {
    return this.#free.pop() ?? new JsonScanner();
  }

  give(scanner: JsonScanner): void {
    scanner.reset();
    this.#free.push(scanner);
  }
}

/** Who hears the messages of a side. */
export interface SideListener {
  message(side: 0 | 1, message: JsonMessage): void;
  /** The place in the stream was lost. */
  lost(): void;
  /** The side speaks something else, or a body is something else. */
  foreign(): void;
  /** The side speaks HTTP, or WebSocket. */
  wraps(transport: 'http' | 'websocket'): void;
  introduced(side: 0 | 1, userAgent: Uint8Array | null, user: string | null, isLongPoll: boolean): void;
}

export class MiningSide implements StreamSink, HttpListener {
  readonly stream: FollowedStream;
  readonly #side: 0 | 1;
  readonly #listener: SideListener;
  readonly #scanners: Scanners;
  #isBegun = false;
  /** The side's very first bytes are known, and whether what comes is still these. */
  readonly #knowsStart: boolean;
  #isResumed = false;
  #http: HttpSide | null = null;
  #frames: WebSocketSide | null = null;
  /** The scanner that is inside an object. */
  #scanner: JsonScanner | null = null;
  /** The rest of the line is none of an object's. */
  #isSkipping = false;
  /** Nothing of the body was seen yet; or it is no JSON. */
  #isNewBody = false;
  #isOtherBody = false;

  /** @param first sequence number of the side's first byte, -1 if it is not known */
  constructor(side: 0 | 1, first: number, scanners: Scanners, listener: SideListener) {
    this.stream = new FollowedStream(first);
    this.#side = side;
    this.#knowsStart = first >= 0;
    this.#scanners = scanners;
    this.#listener = listener;
  }

  /** Memory that it takes beyond its own objects, bytes. */
  get bytes(): number {
    return this.stream.held + (this.#scanner === null ? 0 : SCANNER_BYTES);
  }

  /** Gives back what it shares with others. */
  close(): void {
    if (this.#scanner !== null) this.#scanners.give(this.#scanner);
    this.#scanner = null;
  }

  take(bytes: Uint8Array, at: number, end: number, isBehindHole: boolean): void {
    if (isBehindHole && this.#isBegun) this.#lose();
    if (!this.#isBegun && !this.#begin(bytes, at, end)) return;
    if (this.#http !== null) at = this.#http.feed(bytes, at, end);
    if (this.#http?.isUpgraded === true) this.#upgrade();
    if (this.#frames !== null) this.#frames.feed(bytes, at, end);
    else if (this.#http === null) this.#json(bytes, at, end);
  }

  /** The first bytes say how the side speaks; false if they are blank. */
  #begin(bytes: Uint8Array, at: number, end: number): boolean {
    while (at < end && bytes[at]! <= SPACE) at++;
    if (at === end) return false;
    this.#isBegun = true;
    if (beginsLikeHttp(bytes, at, end)) {
      this.#http = new HttpSide(this);
      this.#listener.wraps('http');
    } else if (beginsLikeFrame(bytes, at, end)) this.#upgrade();
    else if (bytes[at] !== OPEN_OBJECT && bytes[at] !== OPEN_ARRAY) {
      this.#isSkipping = true;
      if (this.#knowsStart && !this.#isResumed) this.#listener.foreign();
    }
    return true;
  }

  #upgrade(): void {
    this.#http = null;
    this.#frames ??= new WebSocketSide(this);
    this.#listener.wraps('websocket');
  }

  /** Bytes are missing. */
  #lose(): void {
    this.#listener.lost();
    this.close();
    this.#http?.lose();
    this.#frames?.lose();
    if (this.#http !== null || this.#frames !== null) return;
    // What a segment begins with after a hole is a message's beginning, or the rest of one.
    this.#isBegun = false;
    this.#isResumed = true;
  }

  beginBody(): void {
    this.close();
    this.#isSkipping = false;
    this.#isNewBody = true;
    this.#isOtherBody = false;
  }

  body(bytes: Uint8Array, at: number, end: number): void {
    while (this.#isNewBody && at < end) {
      if (bytes[at]! > SPACE) {
        this.#isNewBody = false;
        this.#isOtherBody = bytes[at] !== OPEN_OBJECT && bytes[at] !== OPEN_ARRAY;
        if (this.#isOtherBody) this.#listener.foreign();
      } else at++;
    }
    if (!this.#isOtherBody && at < end) this.#json(bytes, at, end);
  }

  endBody(): void {
    this.close();
    this.#isSkipping = false;
    this.#isOtherBody = true;
  }

  requested(userAgent: Uint8Array | null, user: string | null, isLongPoll: boolean): void {
    this.#listener.introduced(this.#side, userAgent, user, isLongPoll);
  }

  #json(bytes: Uint8Array, at: number, end: number): void {
    const scanner = this.#scanner ?? this.#scanners.take();
    this.#scanner = null;
    if (this.#isSkipping) scanner.skipLine();
    while (at < end) {
      const status = scanner.feed(bytes, at, end);
      ({ at } = scanner);
      if (status === ScanStatus.Whole) this.#listener.message(this.#side, scanner.message);
      else if (status === ScanStatus.Broken) this.#listener.lost();
    }
    this.#isSkipping = scanner.isSkipping;
    if (scanner.isInside) this.#scanner = scanner;
    else this.#scanners.give(scanner);
  }
}
