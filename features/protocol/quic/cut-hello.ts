/** What can be read of a ClientHello whose end the capture cut off: the server name, if it comes early enough. */
import { uint16 } from '../tls/bytes.ts';
import { ClientHelloLayout, hostNameAt } from '../tls/client-hello.ts';
import { ExtensionType } from '../tls/constants.ts';
import { TLS_LIMITS } from '../tls/limits.ts';
import { printableText } from '../tls/text.ts';

const EXTENSION_HEADER = 4;
const layout = new ClientHelloLayout();

/** The server name in the beginning `bytes[at, end)` of the body; null if it is not there. */
export function cutServerName(bytes: Uint8Array, at: number, end: number): string | null {
  if (!layout.find(bytes, at, end)) return null;
  // Behind the length of the list.
  let from = layout.extensionsAt + 2;
  while (end - from >= EXTENSION_HEADER) {
    const body = from + EXTENSION_HEADER;
    const next = body + uint16(bytes, from + 2);
    if (next > end) return null;
    if (uint16(bytes, from) === ExtensionType.ServerName) return nameIn(bytes, body, next);
    from = next;
  }
  return null;
}

function nameIn(bytes: Uint8Array, at: number, end: number): string | null {
  const nameAt = hostNameAt(bytes, at, end);
  if (nameAt < 0) return null;
  const length = uint16(bytes, nameAt - 2);
  return length > TLS_LIMITS.nameBytes ? null : printableText(bytes, nameAt, nameAt + length);
}
