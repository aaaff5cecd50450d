/**
 * JA4 of TLS libraries as they come, asked for neither a server name nor ALPN: `node scripts/library-fingerprints.mjs`.
 * Each client of this machine that is there says hello to a listener on the loopback interface, which reads it and hangs
 * up. What it prints is the table in serve/evidence/fingerprint/libraries.ts. Reads dist/, so build first.
 */
import { spawn, spawnSync } from 'node:child_process';
import { createServer } from 'node:net';
import { connect } from 'node:tls';
import { nodeDigests } from '../dist/features/digests-node.js';
import { ja4 } from '../dist/features/fingerprint/ja4.js';
import { decodeClientHello } from '../dist/features/protocol/tls/client-hello.js';

const RECORD_HEADER = 5;
const HANDSHAKE_HEADER = 4;
const PYTHON = `import socket,ssl,sys
context=ssl.%s
context.check_hostname=False
context.verify_mode=ssl.CERT_NONE
try: context.wrap_socket(socket.create_connection(('127.0.0.1',int(sys.argv[1]))))
except OSError: pass`;
const python = (context) => (port) => run('python3', ['-c', PYTHON.replace('%s', context), String(port)]);
const openssl =
  (...more) =>
  (port) =>
    run('openssl', ['s_client', '-connect', `127.0.0.1:${port}`, '-noservername', ...more]);

const CLIENTS = {
  [`Node ${process.versions.node} tls (OpenSSL ${process.versions.openssl})`]: (port) =>
    new Promise((resolve) => connect({ port, host: '127.0.0.1', rejectUnauthorized: false }).on('error', resolve)),
  [version('openssl', ['version'])]: openssl(),
  [`${version('openssl', ['version'])}, TLS 1.2 only`]: openssl('-tls1_2'),
  [`${version('python3', ['--version'])} ssl.create_default_context`]: python('create_default_context()'),
  [`${version('python3', ['--version'])} ssl.SSLContext`]: python('SSLContext(ssl.PROTOCOL_TLS_CLIENT)'),
  [`${version('curl', ['--version'])}, without ALPN`]: (port) =>
    run('curl', ['-sk', '--no-alpn', '-m', '5', `https://127.0.0.1:${port}/`]),
  [`${version('wget', ['--version'])}`]: (port) =>
    run('wget', [
      '-q',
      '-t',
      '1',
      '-T',
      '5',
      '--no-check-certificate',
      '-O',
      '/dev/null',
      `https://127.0.0.1:${port}/`,
    ]),
};

for (const [name, client] of Object.entries(CLIENTS)) {
  const fingerprint = await fingerprintOf(client);
  console.log(`${fingerprint ?? 'no hello'}  ${name}`);
}

/** The JA4 of what a client says first; null if it is not at hand. */
async function fingerprintOf(client) {
  let fingerprint = null;
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', (bytes) => {
      const hello = decodeClientHello(bytes, RECORD_HEADER + HANDSHAKE_HEADER, bytes.length);
      fingerprint = hello === null ? null : ja4(hello, nodeDigests);
      socket.destroy();
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  await client(server.address().port);
  server.close();
  return fingerprint;
}

function run(command, parameters) {
  return new Promise((resolve) => {
    const child = spawn(command, parameters, { stdio: 'ignore' });
    child.on('error', resolve).on('exit', resolve);
  });
}

function version(command, parameters) {
  const { stdout } = spawnSync(command, parameters, { encoding: 'utf8' });
  return `${command}: ${(stdout ?? '').split('\n')[0].split(' ').slice(0, 3).join(' ')}`;
}
