/**
 * Real clients against a real server on loopback: our fingerprints are those of tshark, which reads the same bytes.
 * Clients that are not installed are skipped, visibly, and all of them where tshark is missing.
 */
import { execFile, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer, type Server } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Prng } from '../../../core/prng.ts';
import { drawCredentials } from '../../../datasets/lab/encapsulation/certificate.ts';
import { temporaryFolder } from '../../cli/run.ts';
import { recordingRelay } from '../../support/recording-relay.ts';
import { extractRows } from '../../support/rows.ts';

const isInstalled = (program: string) => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;
const TIMEOUT = 30_000;

/** How each client is started against a port; the name is the host that it asks for, if it can be told. */
const CLIENTS: Readonly<Record<string, (port: number, folder: string) => readonly [string, ...string[]]>> = {
  openssl: (port) => ['openssl', 's_client', '-connect', `127.0.0.1:${port}`, '-servername', 'pool.example', '-quiet'],
  'openssl, TLS 1.2 and ALPN': (port) => [
    ...(['openssl', 's_client', '-connect', `127.0.0.1:${port}`, '-tls1_2', '-alpn', 'h2,http/1.1', '-quiet'] as const),
  ],
  curl: (port) => ['curl', '-sk', '--max-time', '5', `https://localhost:${port}/`],
  wget: (port) => [
    'wget',
    '-q',
    '--no-check-certificate',
    '-T',
    '5',
    '-t',
    '1',
    '-O',
    '-',
    `https://localhost:${port}/`,
  ],
  'gnutls-cli': (port) => ['gnutls-cli', '--insecure', '-p', String(port), 'localhost'],
  node: (port) => [
    process.execPath,
    '-e',
    `require('tls').connect({port:${port},host:'127.0.0.1',servername:'pool.example',rejectUnauthorized:false}).end('x')`,
  ],
  chromium: (port, folder) => [
    ...(['chromium', '--headless', '--no-sandbox', '--disable-gpu', '--ignore-certificate-errors'] as const),
    ...[`--user-data-dir=${folder}`, '--dump-dom', `https://localhost:${port}/`],
  ],
};

const tsharkFields = isInstalled('tshark')
  ? spawnSync('tshark', ['-G', 'fields'], { encoding: 'utf8', maxBuffer: 1 << 28 }).stdout
  : '';
const hasField = (name: string) => tsharkFields.includes(`\t${name}\t`);

/** What tshark says of each connection, by its client's port. */
function byTshark(path: string): Map<string, Record<string, string>> {
  const names = ['tls.handshake.ja3', 'tls.handshake.ja3s', 'tls.handshake.ja4'].filter(hasField);
  const fields = ['tcp.srcport', 'tcp.dstport', ...names].flatMap((name) => ['-e', name]);
  const args = ['-r', path, '-Y', 'tls.handshake.type == 1 || tls.handshake.type == 2', '-T', 'fields', ...fields];
  const { stdout } = spawnSync('tshark', args, { encoding: 'utf8' });
  const connections = new Map<string, Record<string, string>>();
  for (const line of stdout.trimEnd().split('\n')) {
    const [source, destination, ...values] = line.split('\t');
    // Clients' ports are above the server's here: see recording-relay.ts.
    const port = Number(source) >= 20_000 && Number(source) < 30_000 ? source! : destination!;
    const known = connections.get(port) ?? {};
    names.forEach((name, i) => {
      const value = values[i]?.split(',')[0] ?? '';
      // A second hello after a retry is another message: the first one counts.
      if (value !== '') known[name.split('.').at(-1)!] ??= value;
    });
    connections.set(port, known);
  }
  return connections;
}

describe.skipIf(tsharkFields === '')('fingerprints of live clients are those of tshark', () => {
  const folder = temporaryFolder();
  let server: Server;

  beforeAll(async () => {
    const { keyPem, chainPem } = drawCredentials(new Prng('live clients'), 'localhost');
    server = createServer({ key: keyPem, cert: chainPem, ALPNProtocols: ['http/1.1'] }, (socket) => {
      socket.on('error', () => socket.destroy());
      socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok'));
    });
    server.on('tlsClientError', () => undefined);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });

  afterAll(async () => {
    await new Promise((resolve) => server.close(resolve));
    folder.remove();
  });

  for (const [name, command] of Object.entries(CLIENTS)) {
    const program = command(0, '')[0];
    test.skipIf(!isInstalled(program))(
      name,
      async () => {
        const relay = await recordingRelay((server.address() as AddressInfo).port);
        const [file, ...args] = command(relay.port, folder.at('profile'));
        await new Promise<void>((resolve) => {
          const client = execFile(file, args, { timeout: TIMEOUT / 2, killSignal: 'SIGKILL' }, () => resolve());
          client.stdin?.end('GET / HTTP/1.1\r\nhost: localhost\r\n\r\n');
        });
        const capture = relay.capture();
        await relay.close();
        const path = folder.at(`${name.replaceAll(/\W+/g, '-')}.pcap`);
        writeFileSync(path, capture);
        const theirs = byTshark(path);
        const { rows } = extractRows(capture);
        const read = rows.filter((row) => row['ja3'] !== null);
        expect(read.length).toBeGreaterThan(0);
        expect(theirs.size).toBe(read.length);
        for (const row of read) {
          const known = theirs.get(String(row['src_port']));
          expect({ ja3: row['ja3'], ja3s: row['ja3s'], ja4: row['ja4'] }).toMatchObject(known!);
          expect(row['ja4']).toMatch(/^t1[23][di]\d{4}(h1|h2|00)_[0-9a-f]{12}_[0-9a-f]{12}$/);
        }
      },
      TIMEOUT,
    );
  }
});
