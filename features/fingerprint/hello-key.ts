/**
 * What the summaries of hellos (tls-summary.ts) depend on, but for the server name: versions, ciphers, extension types
 * and the contents of some extensions, in one walk over the bytes. Two hellos with the same key have the same summary;
 * a hello whose lengths do not add up has no key. Whoever lets a summary depend on more has to add it here.
 */
import { isVector8, isVector16, uint16 } from '../protocol/tls/bytes.ts';
import { ClientHelloLayout, hostNameAt, isOuterHello, legacyVersion } from '../protocol/tls/client-hello.ts';
import { ExtensionType } from '../protocol/tls/constants.ts';
import { visitExtensions } from '../protocol/tls/extensions.ts';
import { TLS_LIMITS } from '../protocol/tls/limits.ts';
import { isRetryRequest, serverCipherAt, serverExtensionsAt } from '../protocol/tls/server-hello.ts';
import { WordKey, withOneGrease } from './word-key.ts';

/** In the place of a list's length: the contents contradict themselves and are not read. No list kept is that long. */
const BROKEN = 0xffff;

/**
 *     legacy_version, bytes of ciphers, cipher..., { type, what is read of the contents }...
 *
 * A type that is read is followed by the length of its contents, so that keys of different hellos cannot look alike.
 */
export class ClientHelloKey {
  readonly key = new WordKey();
  /** The host name is `[nameAt, nameEnd)`; nothing if the hello names none that is kept. */
  nameAt = 0;
  nameEnd = 0;
  readonly #layout = new ClientHelloLayout();

  /** Makes the key of the body `bytes[at, end)`; false if the lengths do not add up. */
  read(bytes: Uint8Array, at: number, end: number): boolean {
    this.key.clear();
    this.nameAt = this.nameEnd = 0;
    if (!this.#layout.find(bytes, at, end)) return false;
    const { ciphersAt, compressionsAt, extensionsAt } = this.#layout;
    this.key.add(legacyVersion(bytes, at));
    this.key.add(compressionsAt - ciphersAt);
    this.key.addValues(bytes, ciphersAt + 2, compressionsAt);
    return visitExtensions(this, bytes, extensionsAt, end, addClientExtension);
  }
}

/** The cases of `readContents` in client-hello.ts, as far as fingerprints and summaries ask for them. */
function addClientExtension(target: ClientHelloKey, type: number, bytes: Uint8Array, at: number, end: number): void {
  const { key } = target;
  key.add(withOneGrease(type));
  switch (type) {
    case ExtensionType.ServerName:
      findName(target, bytes, at, end);
      return;
    case ExtensionType.SupportedGroups:
    case ExtensionType.SignatureAlgorithms:
      if (addLength(key, at, end, isVector16(bytes, at, end))) key.addValues(bytes, at + 2, end);
      return;
    case ExtensionType.SupportedVersions:
      if (addLength(key, at, end, isVector8(bytes, at, end))) key.addValues(bytes, at + 1, end);
      return;
    case ExtensionType.EcPointFormats:
      if (addLength(key, at, end, isVector8(bytes, at, end))) key.addBytes(bytes, at + 1, end);
      return;
    case ExtensionType.Alpn:
      if (addLength(key, at, end, isVector16(bytes, at, end))) key.addBytes(bytes, at + 2, end);
      return;
    case ExtensionType.KeyShare:
      addKeyShares(key, bytes, at, end);
      return;
    case ExtensionType.SessionTicket:
      key.add(at < end ? 1 : 0);
      return;
    case ExtensionType.EncryptedClientHello:
      key.add(isOuterHello(bytes, at, end) ? 1 : 0);
      return;
  }
}

/** The groups, not the keys; see `readKeyShares` in client-hello.ts. */
function addKeyShares(key: WordKey, bytes: Uint8Array, at: number, end: number): void {
  let groups = 0;
  let isWhole = isVector16(bytes, at, end);
  for (let share = at + 2; isWhole && share < end; groups++) {
    isWhole = end - share >= 4 && share + 4 + uint16(bytes, share + 2) <= end;
    if (isWhole) share += 4 + uint16(bytes, share + 2);
  }
  key.add(isWhole ? groups : BROKEN);
  if (!isWhole) return;
  for (let share = at + 2; share < end; share += 4 + uint16(bytes, share + 2)) {
    key.add(withOneGrease(uint16(bytes, share)));
  }
}

/** Adds the length of the contents and says whether they are read. */
function addLength(key: WordKey, at: number, end: number, isWhole: boolean): boolean {
  key.add(isWhole ? end - at : BROKEN);
  return isWhole;
}

/** The last name counts, as in client-hello.ts. */
function findName(target: ClientHelloKey, bytes: Uint8Array, at: number, end: number): void {
  const nameAt = hostNameAt(bytes, at, end);
  if (nameAt < 0) return;
  const length = uint16(bytes, nameAt - 2);
  if (length > TLS_LIMITS.nameBytes) return;
  target.nameAt = nameAt;
  target.nameEnd = nameAt + length;
}

/**
 *     legacy_version, whether it is a HelloRetryRequest, cipher, { type, what is read of the contents }...
 */
export class ServerHelloKey {
  readonly key = new WordKey();

  /** Makes the key of the body `bytes[at, end)`; false if the lengths do not add up. */
  read(bytes: Uint8Array, at: number, end: number): boolean {
    const { key } = this;
    key.clear();
    const cipherAt = serverCipherAt(bytes, at, end);
    if (cipherAt < 0) return false;
    key.add(legacyVersion(bytes, at));
    key.add(isRetryRequest(bytes, at) ? 1 : 0);
    key.add(uint16(bytes, cipherAt));
    return visitExtensions(key, bytes, serverExtensionsAt(bytes, at, cipherAt), end, addServerExtension);
  }
}

/** The cases of `readContents` in server-hello.ts, as far as summaries ask for them. */
function addServerExtension(key: WordKey, type: number, bytes: Uint8Array, at: number, end: number): void {
  key.add(type);
  if (type === ExtensionType.KeyShare || type === ExtensionType.DraftKeyShare)
    key.add(end - at < 2 ? BROKEN : uint16(bytes, at));
  if (type !== ExtensionType.SupportedVersions && type !== ExtensionType.Alpn) return;
  key.add(end - at);
  key.addBytes(bytes, at, end);
}
