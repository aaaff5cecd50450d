/**
 * HTTP/1 (RFC 9110, RFC 9112): the first request and the first final response of a connection, line by line as they
 * come, so that a head that is cut still tells what it told; and the preface of HTTP/2 without TLS (RFC 9113 3.4). Of the
 * request target only the host of an absolute one and the target of CONNECT are kept: paths and queries carry what people
 * search for and who they are.
 */
import { type Packet, Protocol } from '../../packet/packet.ts';
import { CLEAR_LIMITS } from '../clear-limits.ts';
import { LineReader } from '../line-reader.ts';
import type { SharedTexts } from '../shared-texts.ts';
import type { StreamProtocol, StreamReader } from '../stream-watch.ts';

export interface HttpSummary {
  /** `1.0`, `1.1`, or `h2c` for HTTP/2 in the clear. */
  readonly version: string | null;
  readonly method: string | null;
  /** Host and port as the client wrote them. */
  readonly host: string | null;
  readonly userAgent: string | null;
  readonly connectTarget: string | null;
  readonly upgrade: string | null;
  readonly status: number | null;
  /** Requests that a payload packet began with, in the first packets of the flow. */
  readonly requests: number;
}

const SPACE = 32;
const TAB = 9;
const COLON = 58;
const ZERO = 48;
const NINE = 57;
const DOT = 46;
const HYPHEN = 45;
const UNDERSCORE = 95;
const AT_SIGN = 64;
/** The longest method that is registered (IANA) is UPDATEREDIRECTREF. */
const LONGEST_METHOD = 20;
const SHORTEST_METHOD = 3;

const ascii = (text: string) => Uint8Array.from(text, (char) => char.charCodeAt(0));
const VERSION = ascii('HTTP/');
const RESPONSE = ascii('HTTP/1.');
const SCHEME_END = ascii('://');
const NAMES = { host: ascii('host'), userAgent: ascii('user-agent'), upgrade: ascii('upgrade') } as const;

/** What each side is in the middle of. */
const Stage = { Start: 0, Request: 1, Response: 2, Interim: 3, Done: 4, NotHttp: 5 } as const;

export function httpProtocol(texts: SharedTexts): StreamProtocol<HttpSummary> {
  return {
    transports: [Protocol.Tcp],
    isPossible: () => true,
    begins: (bytes, at, end) => isRequestSoFar(bytes, at, end) || isResponseSoFar(bytes, at, end),
    reader: () => new HttpReader(texts),
  };
}

export class HttpReader implements StreamReader<HttpSummary> {
  readonly #texts: SharedTexts;
  readonly #stages: [number, number] = [Stage.Start, Stage.Start];
  readonly #lines: [LineReader | null, LineReader | null] = [null, null];
  readonly #lineCounts: [number, number] = [0, 0];
  readonly #headBytes: [number, number] = [0, 0];
  #side: 0 | 1 = 0;
  #version: string | null = null;
  #method: string | null = null;
  #host: string | null = null;
  /** The host is that of the target, before which a Host field does not count (RFC 9112 3.2.2). */
  #isAbsolute = false;
  #userAgent: string | null = null;
  #connectTarget: string | null = null;
  #upgrade: string | null = null;
  #status: number | null = null;
  #packets = 0;
  #requests = 0;
  /** The last packet that a request was counted of, -1 before. */
  #countedSequence = -1;

  constructor(texts: SharedTexts) {
    this.#texts = texts;
  }

  get isOver(): boolean {
    return this.#stages[0] === Stage.NotHttp && this.#stages[1] === Stage.NotHttp;
  }

  summary(): HttpSummary | null {
    if (this.#method === null && this.#status === null) return null;
    return {
      version: this.#version,
      method: this.#method,
      host: this.#host,
      userAgent: this.#userAgent,
      connectTarget: this.#connectTarget,
      upgrade: this.#upgrade,
      status: this.#status,
      requests: this.#requests,
    };
  }

  glance(_side: 0 | 1, bytes: Uint8Array, packet: Packet): boolean {
    if (methodLength(bytes, packet.payloadAt, packet.payloadEnd) > 0 && this.#isNew(packet.sequence)) {
      this.#requests++;
      this.#countedSequence = packet.sequence;
    }
    return ++this.#packets < CLEAR_LIMITS.requestPackets;
  }

  /** False for a segment that was sent again. */
  #isNew(sequence: number): boolean {
    return this.#countedSequence < 0 || ((sequence - this.#countedSequence) | 0) > 0;
  }

  feed(side: 0 | 1, bytes: Uint8Array, at: number, end: number): boolean {
    this.#side = side;
    this.#lines[side] ??= new LineReader();
    this.#headBytes[side] += end - at;
    this.#lines[side].feed(bytes, at, end, this.#takeLine);
    const isLong = this.#headBytes[side] > CLEAR_LIMITS.headBytes;
    if (isLong && this.#stages[side]! < Stage.Done) this.#end(side, Stage.Done);
    return this.#stages[side]! < Stage.Done;
  }

  readonly #takeLine = (bytes: Uint8Array, at: number, end: number): boolean => {
    const side = this.#side;
    switch (this.#stages[side]) {
      case Stage.Start:
        this.#firstLine(side, bytes, at, end);
        break;
      case Stage.Request:
        if (at === end) this.#end(side, Stage.Done);
        else this.#field(bytes, at, end);
        break;
      case Stage.Response:
        if (at === end) this.#end(side, Stage.Done);
        break;
      case Stage.Interim:
        if (at === end) this.#stages[side] = Stage.Start;
        break;
    }
    return this.#stages[side]! < Stage.Done;
  };

  #end(side: 0 | 1, stage: number): void {
    this.#stages[side] = stage;
    this.#lines[side] = null;
  }

  #firstLine(side: 0 | 1, bytes: Uint8Array, at: number, end: number): void {
    // RFC 9112 2.2: an empty line before a request is to be ignored.
    if (at === end && ++this.#lineCounts[side] < CLEAR_LIMITS.preambleLines) return;
    if (startsWith(bytes, at, end, RESPONSE)) this.#statusLine(side, bytes, at, end);
    else if (this.#method !== null || !this.#requestLine(bytes, at, end)) this.#end(side, Stage.NotHttp);
    else this.#stages[side] = Stage.Request;
  }

  #statusLine(side: 0 | 1, bytes: Uint8Array, at: number, end: number): void {
    const code = statusCode(bytes, at, end);
    if (code < 0) {
      this.#end(side, Stage.NotHttp);
      return;
    }
    // RFC 9110 15.2: interim responses come before the final one; but 101 is the last that is HTTP.
    const isInterim = code >= 100 && code < 200 && code !== 101;
    this.#stages[side] = isInterim ? Stage.Interim : Stage.Response;
    if (!isInterim) this.#status = code;
  }

  /** RFC 9112 3: method SP request-target SP HTTP-version. */
  #requestLine(bytes: Uint8Array, at: number, end: number): boolean {
    const length = methodLength(bytes, at, end);
    while (end > at && bytes[end - 1] === SPACE) end--;
    const versionAt = end - VERSION.length - 3;
    const targetAt = at + length + 1;
    if (length === 0 || versionAt - 1 < targetAt || bytes[versionAt - 1] !== SPACE) return false;
    if (!startsWith(bytes, versionAt, end, VERSION) || bytes[end - 2] !== DOT) return false;
    const version = `${bytes[end - 3]! - ZERO}.${bytes[end - 1]! - ZERO}`;
    if (version === '2.0' && length === 3) this.#version = 'h2c';
    else if (version === '1.1' || version === '1.0') this.#version = version;
    else return false;
    this.#method = this.#texts.of(bytes, at, at + length);
    this.#readTarget(bytes, targetAt, versionAt - 1);
    return true;
  }

  #readTarget(bytes: Uint8Array, at: number, end: number): void {
    if (this.#method === 'CONNECT') {
      this.#connectTarget = this.#hostText(bytes, at, end);
      return;
    }
    // RFC 9112 3.2.2: absolute-form, as clients send it to proxies.
    let scheme = at;
    while (scheme < end && isLetter(bytes[scheme]!)) scheme++;
    if (scheme === at || !startsWith(bytes, scheme, end, SCHEME_END)) return;
    const hostAt = scheme + SCHEME_END.length;
    let hostEnd = hostAt;
    while (hostEnd < end && !'/?#'.includes(String.fromCharCode(bytes[hostEnd]!))) hostEnd++;
    this.#host = this.#hostText(bytes, hostAt, hostEnd);
    this.#isAbsolute = this.#host !== null;
  }

  /** RFC 9110 5: name ":" value. The first of each name counts. */
  #field(bytes: Uint8Array, at: number, end: number): void {
    if (this.#host === null && !this.#isAbsolute && isField(bytes, at, end, NAMES.host)) {
      const from = valueAt(bytes, at + NAMES.host.length + 1, end);
      this.#host = this.#hostText(bytes, from, valueEnd(bytes, from, end));
    } else if (this.#userAgent === null && isField(bytes, at, end, NAMES.userAgent)) {
      const from = valueAt(bytes, at + NAMES.userAgent.length + 1, end);
      const to = Math.min(valueEnd(bytes, from, end), from + CLEAR_LIMITS.userAgentBytes);
      if (to > from) this.#userAgent = this.#texts.of(bytes, from, to);
    } else if (this.#upgrade === null && isField(bytes, at, end, NAMES.upgrade)) {
      const from = valueAt(bytes, at + NAMES.upgrade.length + 1, end);
      const to = Math.min(valueEnd(bytes, from, end), from + CLEAR_LIMITS.upgradeBytes);
      if (to > from) this.#upgrade = this.#texts.of(bytes, from, to).toLowerCase();
    }
  }

  #hostText(bytes: Uint8Array, at: number, end: number): string | null {
    // Userinfo before an '@' is a credential (RFC 9110 4.2.4).
    for (let i = at; i < end; i++) if (bytes[i] === AT_SIGN) at = i + 1;
    return at === end || end - at > CLEAR_LIMITS.hostBytes ? null : this.#texts.of(bytes, at, end);
  }
}

/** Whether a stream that begins with `[at, end)`, perhaps too short to tell, may begin with a request. */
function isRequestSoFar(bytes: Uint8Array, at: number, end: number): boolean {
  const methodEnd = tokenEnd(bytes, at, end);
  if (methodEnd === end) return methodEnd - at <= LONGEST_METHOD;
  return methodEnd + 1 === end ? bytes[methodEnd] === SPACE : methodLength(bytes, at, end) > 0;
}

function isResponseSoFar(bytes: Uint8Array, at: number, end: number): boolean {
  for (let i = 0; i < RESPONSE.length && at + i < end; i++) if (bytes[at + i] !== RESPONSE[i]) return false;
  return true;
}

/** Length of the method that `[at, end)` may begin with, a space and something printable behind it; else 0. */
function methodLength(bytes: Uint8Array, at: number, end: number): number {
  const methodEnd = tokenEnd(bytes, at, end);
  const length = methodEnd - at;
  if (length < SHORTEST_METHOD || length > LONGEST_METHOD || methodEnd + 1 >= end) return 0;
  return bytes[methodEnd] === SPACE && bytes[methodEnd + 1]! > SPACE ? length : 0;
}

/** Where the letters, and hyphens and underscores behind the first, end; not searched much beyond the longest method. */
function tokenEnd(bytes: Uint8Array, at: number, end: number): number {
  const most = Math.min(end, at + LONGEST_METHOD + 1);
  let i = at;
  while (i < most && (isLetter(bytes[i]!) || (i > at && (bytes[i] === HYPHEN || bytes[i] === UNDERSCORE)))) i++;
  return i;
}

function isLetter(byte: number): boolean {
  const lower = byte | 32;
  return lower >= 97 && lower <= 122;
}

function startsWith(bytes: Uint8Array, at: number, end: number, prefix: Uint8Array): boolean {
  if (end - at < prefix.length) return false;
  for (let i = 0; i < prefix.length; i++) if (bytes[at + i] !== prefix[i]) return false;
  return true;
}

/** The status of a line that begins with RESPONSE (RFC 9112 4: HTTP-version SP status-code SP reason), -1 if it has none. */
function statusCode(bytes: Uint8Array, at: number, end: number): number {
  const codeAt = at + RESPONSE.length + 2;
  if (codeAt + 3 > end || bytes[codeAt - 1] !== SPACE) return -1;
  let code = 0;
  for (let i = codeAt; i < codeAt + 3; i++) {
    if (bytes[i]! < ZERO || bytes[i]! > NINE) return -1;
    code = code * 10 + bytes[i]! - ZERO;
  }
  return code;
}

/** Whether the line is a field of this name, which is given in lower case. */
function isField(bytes: Uint8Array, at: number, end: number, name: Uint8Array): boolean {
  if (end - at <= name.length || bytes[at + name.length] !== COLON) return false;
  for (let i = 0; i < name.length; i++) {
    const byte = bytes[at + i]!;
    if ((isLetter(byte) ? byte | 32 : byte) !== name[i]) return false;
  }
  return true;
}

function valueAt(bytes: Uint8Array, at: number, end: number): number {
  while (at < end && (bytes[at] === SPACE || bytes[at] === TAB)) at++;
  return at;
}

function valueEnd(bytes: Uint8Array, at: number, end: number): number {
  while (end > at && (bytes[end - 1] === SPACE || bytes[end - 1] === TAB)) end--;
  return end;
}
