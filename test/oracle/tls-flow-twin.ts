/**
 * The slow twin of features/protocol/tls/flow-reader.ts: puts each side's bytes together first, whole, and then walks over
 * the records and the messages in them. It knows nothing of segments but where each byte first came.
 */
import { decodeClientHello } from '../../features/protocol/tls/client-hello.ts';
import { decodeServerHello } from '../../features/protocol/tls/server-hello.ts';

export interface TwinRecord {
  readonly type: number;
  readonly version: number;
  readonly length: number;
  /** Stream offset of its header's last byte: the segment that has it shows the record. */
  readonly headerEnd: number;
}

/** The records of a stream, as far as their headers are there and plausible. */
export function recordsOf(stream: Uint8Array): TwinRecord[] {
  const records: TwinRecord[] = [];
  for (let at = 0; at + 5 <= stream.length; ) {
    const [type, major, minor] = [stream[at]!, stream[at + 1]!, stream[at + 2]!];
    const length = stream[at + 3]! * 256 + stream[at + 4]!;
    if (type < 20 || type > 24 || major !== 3 || minor > 4 || length > 16384 + 2048) break;
    records.push({ type, version: 0x300 + minor, length, headerEnd: at + 4 });
    at += 5 + length;
  }
  return records;
}

/** The handshake messages before the change of keys: types and bodies. */
export function messagesOf(stream: Uint8Array): { readonly type: number; readonly body: Uint8Array }[] {
  const bytes: number[] = [];
  for (const { type, length, headerEnd } of recordsOf(stream)) {
    if (type === 20) break;
    if (type === 22) bytes.push(...stream.subarray(headerEnd + 1, headerEnd + 1 + length));
  }
  const messages: { type: number; body: Uint8Array }[] = [];
  for (let at = 0; at + 4 <= bytes.length; ) {
    const length = bytes[at + 1]! * 65536 + bytes[at + 2]! * 256 + bytes[at + 3]!;
    if (at + 4 + length > bytes.length) break;
    messages.push({ type: bytes[at]!, body: Uint8Array.from(bytes.slice(at + 4, at + 4 + length)) });
    at += 4 + length;
  }
  return messages;
}

/** The first hello of each kind in the two streams. */
export function hellosOf(client: Uint8Array, server: Uint8Array) {
  const clientBody = messagesOf(client).find(({ type }) => type === 1)?.body;
  const serverBody = messagesOf(server).find(({ type }) => type === 2)?.body;
  return {
    client: clientBody === undefined ? null : decodeClientHello(clientBody, 0, clientBody.length),
    server: serverBody === undefined ? null : decodeServerHello(serverBody, 0, serverBody.length),
  };
}
