/** The slow twin of features/protocol/dns: a message decoded into objects, names by recursion, nothing remembered. */

export interface TwinRecord {
  readonly name: string;
  readonly type: number;
  readonly ttl: number;
  readonly data: Uint8Array;
  /** Where the data is in the message. */
  readonly at: number;
}

export interface TwinMessage {
  readonly isResponse: boolean;
  readonly rcode: number;
  readonly questions: readonly { readonly name: string; readonly type: number }[];
  /** Of the answer section, up to the first that is cut off. */
  readonly answers: readonly TwinRecord[];
}

/** A name's labels and where it ends; null if it is none. */
interface Name {
  readonly labels: readonly Uint8Array[];
  readonly end: number;
}

/** @param depth pointers that may still be followed */
function nameAt(message: Uint8Array, at: number, end: number, depth: number): Name | null {
  if (at >= end) return null;
  const length = message[at]!;
  if (length === 0) return { labels: [], end: at + 1 };
  if (length >= 0xc0) {
    if (at + 2 > end || depth === 0) return null;
    const target = ((length & 0x3f) << 8) | message[at + 1]!;
    const rest = target < at ? nameAt(message, target, at, depth - 1) : null;
    return rest && { labels: rest.labels, end: at + 2 };
  }
  if (length > 63 || at + 1 + length > end) return null;
  const rest = nameAt(message, at + 1 + length, end, depth);
  return rest && { labels: [message.subarray(at + 1, at + 1 + length), ...rest.labels], end: rest.end };
}

/** Where a name ends, followed or not. */
function endOfName(message: Uint8Array, at: number): number | null {
  for (let octets = 1; ; ) {
    const length = message[at];
    if (length === undefined) return null;
    if (length === 0) return at + 1;
    if (length >= 0xc0) return at + 2 <= message.length ? at + 2 : null;
    octets += 1 + length;
    if (length > 63 || octets > 255) return null;
    at += 1 + length;
  }
}

/** A name as text; null if it is none. */
export function twinName(message: Uint8Array, at: number, end = message.length): string | null {
  const name = nameAt(message, at, end, 32);
  if (name === null || name.labels.reduce((sum, label) => sum + 1 + label.length, 1) > 255) return null;
  return name.labels.length === 0 ? '.' : textOf(name.labels);
}

function textOf(labels: readonly Uint8Array[]): string {
  const bytes = labels.flatMap((label, i) => [...(i === 0 ? [] : [46]), ...Array.from(label).flatMap(escaped)]);
  const text = Buffer.from(bytes).toString('utf8');
  const isUtf8 = Buffer.from(text, 'utf8').equals(Buffer.from(bytes)) && !/[\p{C}\p{Zl}\p{Zp}]/u.test(text);
  if (isUtf8) return text;
  return bytes
    .map((byte) => (byte > 126 || byte === 92 ? `\\x${byte.toString(16)}` : String.fromCharCode(byte)))
    .join('');
}

/** RFC 1035 5.1, in lower case. */
function escaped(byte: number): number[] {
  if (byte < 32 || byte === 127) return [...`\\${String(byte).padStart(3, '0')}`].map((char) => char.charCodeAt(0));
  if (byte === 46 || byte === 92) return [92, byte];
  return [byte >= 65 && byte <= 90 ? byte + 32 : byte];
}

export function twinMessage(message: Uint8Array): TwinMessage | null {
  if (message.length < 12) return null;
  const view = new DataView(message.buffer, message.byteOffset, message.length);
  const [questions, answers, authorities, additional] = [4, 6, 8, 10].map((at) => view.getUint16(at)) as [
    number,
    number,
    number,
    number,
  ];
  const isResponse = message[2]! >= 128;
  if (questions > 64) return null;
  const isEmpty = questions + answers + authorities + additional === 0;
  if (isEmpty && (!isResponse || message.length > 12)) return null;
  let at = 12;
  const asked: { name: string; type: number }[] = [];
  for (let i = 0; i < questions; i++) {
    const end = endOfName(message, at);
    if (end === null || end + 4 > message.length) return null;
    const name = twinName(message, at);
    // Only the first question is looked at.
    if (i === 0 && name === null) return null;
    asked.push({ name: name ?? '', type: view.getUint16(end) });
    at = end + 4;
  }
  const all: TwinRecord[] = [];
  let rcode = message[3]! & 15;
  let extended = false;
  for (let i = 0; i < Math.min(answers + authorities + additional, 128); i++) {
    const end = endOfName(message, at);
    if (end === null || end + 10 > message.length) break;
    const length = view.getUint16(end + 8);
    if (end + 10 + length > message.length) break;
    const record = {
      name: twinName(message, at) ?? '',
      type: view.getUint16(end),
      ttl: view.getUint32(end + 4),
      data: message.subarray(end + 10, end + 10 + length),
      at: end + 10,
    };
    if (i < answers) all.push(record);
    if (record.type === 41 && !extended) rcode |= (record.ttl >>> 24) << 4;
    extended ||= record.type === 41;
    at = end + 10 + length;
  }
  return { isResponse, rcode, questions: asked, answers: all };
}
