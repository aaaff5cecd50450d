/**
 * Transport parameters of a ClientHello (RFC 9000 18): the contents of the extension quic_transport_parameters (RFC 9001
 * 8.2), ids and lengths as variable-length integers. Before draft 27 they were 16 bits wide, behind a length of the list.
 */
import { isVector16, uint16 } from '../tls/bytes.ts';
import { ClientHelloLayout } from '../tls/client-hello.ts';
import { visitExtensions } from '../tls/extensions.ts';
import { printableText } from '../tls/text.ts';
import { QUIC_LIMITS } from './limits.ts';
import { VarintReader } from './varint.ts';

/** The extension's number since draft 33, and before. */
const EXTENSION = 57;
const DRAFT_EXTENSION = 0xffa5;

/** RFC 9000 18.2; the user agent is Google's (Chromium, quiche, quic/core/crypto/transport_parameters.cc). */
const Parameter = { MaxIdleTimeout: 0x01, MaxUdpPayloadSize: 0x03, InitialMaxData: 0x04, UserAgent: 0x3129 } as const;

export interface TransportParameters {
  /**
   * Ids in the order sent, joined by ','; a reserved one (RFC 9000 18.1: 31 * N + 27) as `grease`, another one that a
   * double does not hold as `large`.
   */
  readonly ids: string;
  /** Milliseconds. Of all three: a larger value than a double holds exactly is the largest that it does. */
  readonly maxIdleTimeout: number | null;
  /** Bytes. */
  readonly maxUdpPayloadSize: number | null;
  readonly initialMaxData: number | null;
  readonly userAgent: string | null;
}

/** The parameters while they are read. */
type Draft = { -readonly [Name in keyof Omit<TransportParameters, 'ids'>]: TransportParameters[Name] };

const layout = new ClientHelloLayout();
const list = new VarintReader();
const value = new VarintReader();

/** Those of the ClientHello with the body `bytes[at, end)`; null if it has none or they contradict themselves. */
export function clientTransportParameters(
  bytes: Uint8Array,
  at: number,
  end: number,
  hasShortParameters: boolean,
): TransportParameters | null {
  if (!layout.find(bytes, at, end)) return null;
  const found = { at: -1, end: 0 };
  if (!visitExtensions(found, bytes, layout.extensionsAt, end, findExtension) || found.at < 0) return null;
  return readParameters(bytes, found.at, found.end, hasShortParameters);
}

function findExtension(
  found: { at: number; end: number },
  type: number,
  _bytes: Uint8Array,
  at: number,
  end: number,
): void {
  if (type !== EXTENSION && type !== DRAFT_EXTENSION) return;
  found.at = at;
  found.end = end;
}

/** The parameters in `bytes[at, end)`; null if their lengths do not add up. */
export function readParameters(
  bytes: Uint8Array,
  at: number,
  end: number,
  hasShortParameters: boolean,
): TransportParameters | null {
  if (hasShortParameters && !isVector16(bytes, at, end)) return null;
  list.begin(bytes, hasShortParameters ? at + 2 : at, end);
  const ids: (number | string)[] = [];
  const draft: Draft = { maxIdleTimeout: null, maxUdpPayloadSize: null, initialMaxData: null, userAgent: null };
  while (list.left > 0 && ids.length < QUIC_LIMITS.parameters) {
    const idAt = list.at;
    const id = hasShortParameters ? nextUint16() : list.next();
    const isReserved = isGreaseId(bytes, idAt, list.at);
    const length = hasShortParameters ? nextUint16() : list.next();
    if (id < 0 || length < 0 || length > list.left) return null;
    ids.push(isReserved ? 'grease' : id > Number.MAX_SAFE_INTEGER ? 'large' : id);
    readValue(draft, id, bytes, list.at, list.at + length);
    list.at += length;
  }
  return { ids: ids.join(','), ...draft };
}

function nextUint16(): number {
  if (list.left < 2) return -1;
  list.at += 2;
  return uint16(list.bytes, list.at - 2);
}

function readValue(draft: Draft, id: number, bytes: Uint8Array, at: number, end: number): void {
  switch (id) {
    case Parameter.MaxIdleTimeout:
      draft.maxIdleTimeout = varint(bytes, at, end);
      return;
    case Parameter.MaxUdpPayloadSize:
      draft.maxUdpPayloadSize = varint(bytes, at, end);
      return;
    case Parameter.InitialMaxData:
      draft.initialMaxData = varint(bytes, at, end);
      return;
    case Parameter.UserAgent:
      if (end - at <= QUIC_LIMITS.userAgentBytes) draft.userAgent = printableText(bytes, at, end);
      return;
  }
}

/** 31 * N + 27 (RFC 9000 18.1): the id in `[at, end)`, whose 62 bits a double does not hold. */
function isGreaseId(bytes: Uint8Array, at: number, end: number): boolean {
  // The first two bits are the length's; before draft 27 ids never used them.
  let remainder = at < end ? bytes[at]! & 0x3f : 0;
  for (at++; at < end; at++) remainder = (remainder * 256 + bytes[at]!) % 31;
  return remainder % 31 === 27;
}

/** The integer that fills `[at, end)`, null if it does not. */
function varint(bytes: Uint8Array, at: number, end: number): number | null {
  value.begin(bytes, at, end);
  const number = value.next();
  return number < 0 || value.left > 0 ? null : Math.min(number, Number.MAX_SAFE_INTEGER);
}
