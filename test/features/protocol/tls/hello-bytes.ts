/** Test-only: hellos written out byte by byte. */

/** Bytes from hexadecimal text; spaces, line breaks and `// remarks` are left out. */
export function hex(text: string): Uint8Array {
  const digits = text.replace(/\/\/.*$/gm, '').replace(/\s/g, '');
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

/** One array of several. */
export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Handshake message of the given type (RFC 8446 4). */
export function message(type: number, body: Uint8Array): Uint8Array {
  return concat(Uint8Array.of(type, body.length >>> 16, body.length >>> 8, body.length), body);
}

/** Record of the given content type, version TLS 1.0 as first flights carry (RFC 8446 5.1). */
export function record(type: number, body: Uint8Array): Uint8Array {
  return concat(Uint8Array.of(type, 3, 1, body.length >>> 8, body.length), body);
}

/** A TLS 1.3 ClientHello body with GREASE everywhere it may be. */
export const CLIENT_HELLO = hex(`
  0303                                                              // legacy_version
  000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f  // random
  04 aabbccdd                                                       // session id
  0008 0a0a 1302 1301 c02f                                          // ciphers, one GREASE
  01 00                                                             // compression: null
  0078                                                              // extensions
  1a1a 0000                                                         // GREASE
  0000 0010 000e 00 000b 6578616d706c652e636f6d                     // server_name: example.com
  000a 0008 0006 2a2a 11ec 001d                                     // groups, one GREASE
  000b 0002 01 00                                                   // point formats
  0010 000e 000c 02 6832 08 687474702f312e31                        // ALPN: h2, http/1.1
  000d 0008 0006 3a3a 0403 0804                                     // signature algorithms, one GREASE
  002b 0007 06 4a4a 0304 0303                                       // supported_versions, one GREASE
  0033 0011 000f 5a5a 0001 00 11ec 0000 001d 0002 beef              // key shares, one GREASE
  fe0d 0002 0000                                                    // encrypted_client_hello
  002a 0000                                                         // early_data
  0029 0002 0000                                                    // pre_shared_key
`);

/** A TLS 1.3 ServerHello body that accepts the pre-shared key. */
export const SERVER_HELLO = hex(`
  0303                                                              // legacy_version
  f0f1f2f3f4f5f6f7f8f9fafbfcfdfeffe0e1e2e3e4e5e6e7e8e9eaebecedeeef  // random
  04 aabbccdd                                                       // session id echo
  1301 00                                                           // cipher, compression
  0014                                                              // extensions
  0033 0004 001d 0000                                               // key share
  002b 0002 0304                                                    // supported_versions: TLS 1.3
  0029 0002 0000                                                    // pre_shared_key: first identity
`);

/** A TLS 1.2 ServerHello body that resumes the session of CLIENT_HELLO and chooses http/1.1. */
export const SERVER_HELLO_12 = hex(`
  0303
  f0f1f2f3f4f5f6f7f8f9fafbfcfdfeffe0e1e2e3e4e5e6e7e8e9eaebecedeeef
  04 aabbccdd
  c02f 00
  0014
  ff01 0001 00                                                      // renegotiation_info
  0010 000b 0009 08 687474702f312e31                                // ALPN: http/1.1
`);
