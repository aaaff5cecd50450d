import { expect, test } from 'vitest';
import { decodeClientHello } from '../../../../features/protocol/tls/client-hello.ts';
import { isResumed } from '../../../../features/protocol/tls/resumption.ts';
import { decodeServerHello } from '../../../../features/protocol/tls/server-hello.ts';
import { CLIENT_HELLO, SERVER_HELLO, SERVER_HELLO_12 } from './hello-bytes.ts';

const resumed = (server: Uint8Array) =>
  isResumed(decodeClientHello(CLIENT_HELLO, 0, CLIENT_HELLO.length)!, decodeServerHello(server, 0, server.length)!);

test('TLS 1.3 resumes with a pre-shared key, before it by echoing the session id', () => {
  const other = SERVER_HELLO_12.slice();
  other[35] = 0;
  expect([resumed(SERVER_HELLO), resumed(SERVER_HELLO_12), resumed(other)]).toEqual([true, true, false]);
});
