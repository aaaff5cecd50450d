/**
 * One direction of HTTP/1 (RFC 9112) from message to message: heads for what they say of a miner, bodies for the JSON in
 * them. After an upgrade to WebSocket (RFC 6455) the rest is frames.
 */
import { LineReader } from '../line-reader.ts';
import { MINING_LIMITS } from './limits.ts';

/** Who hears what the messages say. */
export interface HttpListener {
  /** A body begins; returns whether it is to be told. */
  beginBody(): void;
  /** Bytes of it, borrowed. */
  body(bytes: Uint8Array, at: number, end: number): void;
  endBody(): void;
  /**
   * A request's User-Agent, and the user of its Basic authorization (RFC 7617), as far as it has them; and whether it has
   * no body, but names the extensions of getwork that its sender knows: a long poll.
   */
  requested(userAgent: Uint8Array | null, user: string | null, isLongPoll: boolean): void;
}

const Stage = {
  Start: 0,
  Head: 1,
  Body: 2,
  ChunkSize: 3,
  Chunk: 4,
  ChunkEnd: 5,
  Trailer: 6,
  UntilClose: 7,
  /** What follows are WebSocket frames. */
  Upgraded: 8,
  /** No HTTP, or the place in it is lost. */
  Lost: 9,
} as const;
type Stage = (typeof Stage)[keyof typeof Stage];

const REQUEST = /^[A-Z]{3,20} \S+ HTTP\/1\.[01]$/;
const RESPONSE = /^HTTP\/1\.[01] (\d{3})(?: |$)/;
const COLON = 58;
const SWITCHING = 101;
const NO_BODY = [204, 304];
/** Room for the digits of a length that is believed. */
const LENGTH = /^\d{1,12}$/;
const CHUNK = /^[0-9a-fA-F]{1,8}/;

export class HttpSide {
  #stage: Stage = Stage.Start;
  #lines = new LineReader(MINING_LIMITS.lineBytes);
  #headBytes = 0;
  /** Of the message whose head is read. */
  #status = 0;
  #isRequest = false;
  #length = -1;
  #isChunked = false;
  #isCoded = false;
  #isWebSocket = false;
  #isMiner = false;
  #agent: Uint8Array | null = null;
  #user: string | null = null;
  /** Bytes of the body or chunk that are still to come. */
  #rest = 0;
  readonly #listener: HttpListener;

  constructor(listener: HttpListener) {
    this.#listener = listener;
  }

  /** True where bytes are no HTTP any more but frames. */
  get isUpgraded(): boolean {
    return this.#stage === Stage.Upgraded;
  }

  get isLost(): boolean {
    return this.#stage === Stage.Lost;
  }

  /** Bytes are missing; a message begins where a segment begins like one. */
  lose(): void {
    this.#endBody();
    this.#stage = Stage.Lost;
  }

  /** Takes `bytes[at, end)`; returns where it stopped: at the end, or where frames begin. */
  feed(bytes: Uint8Array, at: number, end: number): number {
    if (this.#stage === Stage.Lost) {
      if (!beginsLikeHttp(bytes, at, end)) return end;
      this.#begin();
    }
    while (at < end && this.#stage < Stage.Upgraded) at = this.#step(bytes, at, end);
    return this.isUpgraded ? at : end;
  }

  #step(bytes: Uint8Array, at: number, end: number): number {
    switch (this.#stage) {
      case Stage.Body:
      case Stage.Chunk:
        return this.#some(bytes, at, Math.min(end, at + this.#rest));
      case Stage.UntilClose:
        this.#listener.body(bytes, at, end);
        return end;
      default: {
        const next = this.#lines.feed(bytes, at, end, this.#takeLine);
        this.#headBytes += (next < 0 ? end : next) - at;
        if (this.#headBytes > MINING_LIMITS.headBytes) this.lose();
        return next < 0 ? end : next;
      }
    }
  }

  #some(bytes: Uint8Array, at: number, end: number): number {
    this.#listener.body(bytes, at, end);
    this.#rest -= end - at;
    if (this.#rest > 0) return end;
    if (this.#stage === Stage.Chunk) this.#stage = Stage.ChunkEnd;
    else {
      this.#endBody();
      this.#begin();
    }
    return end;
  }

  #begin(): void {
    this.#stage = Stage.Start;
    this.#lines = new LineReader(MINING_LIMITS.lineBytes);
    this.#headBytes = 0;
  }

  readonly #takeLine = (bytes: Uint8Array, at: number, end: number): boolean => {
    switch (this.#stage) {
      case Stage.Start:
        if (at < end) this.#firstLine(latin1(bytes, at, end));
        break;
      case Stage.Head:
        if (at < end) this.#field(bytes, at, end);
        else this.#endHead();
        break;
      case Stage.ChunkSize:
        this.#chunkSize(latin1(bytes, at, Math.min(end, at + 16)));
        break;
      case Stage.ChunkEnd:
        this.#stage = Stage.ChunkSize;
        break;
      case Stage.Trailer:
        if (at === end) this.#begin();
        break;
    }
    return isOfLines(this.#stage);
  };

  #firstLine(line: string): void {
    const status = RESPONSE.exec(line)?.[1];
    this.#isRequest = status === undefined;
    this.#status = Number(status ?? 0);
    this.#length = -1;
    this.#isChunked = this.#isCoded = this.#isWebSocket = this.#isMiner = false;
    this.#agent = this.#user = null;
    if (status !== undefined || REQUEST.test(line)) this.#stage = Stage.Head;
    else this.lose();
  }

  #field(bytes: Uint8Array, at: number, end: number): void {
    let colon = at;
    while (colon < end && bytes[colon] !== COLON) colon++;
    if (colon === end) return;
    const name = latin1(bytes, at, Math.min(colon, at + 24)).toLowerCase();
    const value = latin1(bytes, colon + 1, Math.min(end, colon + 1 + 2 * MINING_LIMITS.loginBytes)).trim();
    if (name === 'content-length' && LENGTH.test(value)) this.#length = Number(value);
    else if (name === 'transfer-encoding') this.#isChunked = /chunked\s*$/i.test(value);
    else if (name === 'content-encoding') this.#isCoded = !/^identity$/i.test(value);
    else if (name === 'upgrade') this.#isWebSocket = /^websocket$/i.test(value);
    else if (name === 'x-mining-extensions') this.#isMiner = true;
    else if (name === 'authorization') this.#user = basicUser(value);
    else if (name === 'user-agent') this.#agent = trimmed(bytes, colon + 1, end);
  }

  #endHead(): void {
    const { Start, Upgraded, ChunkSize, Body, UntilClose } = Stage;
    const isLongPoll = this.#isMiner && this.#length <= 0 && !this.#isChunked;
    if (this.#isRequest) this.#listener.requested(this.#agent, this.#user, isLongPoll);
    const switches = this.#isRequest ? this.#isWebSocket : this.#status === SWITCHING;
    const isInterim = !this.#isRequest && this.#status < 200;
    const hasNone =
      isInterim || NO_BODY.includes(this.#status) || this.#length === 0 || (this.#isRequest && this.#length < 0);
    if (switches) this.#stage = Upgraded;
    else if (this.#isChunked) this.#stage = ChunkSize;
    else if (hasNone) this.#stage = Start;
    else this.#stage = this.#length < 0 ? UntilClose : Body;
    this.#headBytes = 0;
    this.#rest = this.#length;
    // What is compressed is not read, but its end is.
    if (this.#stage !== Start && this.#stage !== Upgraded && !this.#isCoded) this.#listener.beginBody();
  }

  #chunkSize(line: string): void {
    const size = CHUNK.exec(line)?.[0];
    if (size === undefined) {
      this.lose();
      return;
    }
    this.#rest = Number.parseInt(size, 16);
    this.#headBytes = 0;
    this.#stage = this.#rest > 0 ? Stage.Chunk : Stage.Trailer;
    if (this.#rest === 0) this.#endBody();
  }

  #endBody(): void {
    this.#listener.endBody();
  }
}

/** Whether what comes next in a stage is a line. */
function isOfLines(stage: Stage): boolean {
  const { Body, Chunk, UntilClose } = Stage;
  return stage < Stage.Upgraded && stage !== Body && stage !== Chunk && stage !== UntilClose;
}

/** Whether bytes begin with a request that has a body, one that asks for WebSocket's, or a response. */
export function beginsLikeHttp(bytes: Uint8Array, at: number, end: number): boolean {
  return (
    startsWith(bytes, at, end, 'POST ') || startsWith(bytes, at, end, 'HTTP/1.') || startsWith(bytes, at, end, 'GET ')
  );
}

export function startsWith(bytes: Uint8Array, at: number, end: number, text: string): boolean {
  if (end - at < text.length) return false;
  for (let i = 0; i < text.length; i++) if (bytes[at + i] !== text.charCodeAt(i)) return false;
  return true;
}

/** The user in `Basic` and base 64 of `user:password`; null if there is none. */
function basicUser(value: string): string | null {
  const coded = /^Basic ([A-Za-z0-9+/]+=*)$/i.exec(value)?.[1];
  if (coded === undefined) return null;
  try {
    const [user] = atob(coded).split(':', 1);
    // A cookie that a node writes for its own programs names nobody.
    return user === undefined || user === '' || user === '__cookie__' || /[^\x20-\x7e]/.test(user) ? null : user;
  } catch {
    return null; // no base 64: atob has no other way to say so
  }
}

function trimmed(bytes: Uint8Array, at: number, end: number): Uint8Array | null {
  while (at < end && bytes[at]! <= 32) at++;
  while (end > at && bytes[end - 1]! <= 32) end--;
  return at === end ? null : bytes.slice(at, Math.min(end, at + MINING_LIMITS.agentBytes));
}

function latin1(bytes: Uint8Array, at: number, end: number): string {
  let text = '';
  while (at < end) text += String.fromCharCode(bytes[at++]!);
  return text;
}
