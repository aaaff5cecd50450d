/** Real programs against servers on loopback, recorded. Skipped where tcpdump is missing or may not capture. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { expectFailure, flowlamp, jsonRows, temporaryFolder } from './run.ts';

const has = (name: string) => spawnSync('sh', ['-c', `command -v ${name}`]).status === 0;
const isRunning = (words: string) => spawnSync('pgrep', ['-f', '--', words]).status === 0;
const mayCapture = has('tcpdump') && spawnSync('tcpdump', ['-i', 'lo', '-c', '1', '-d']).status === 0;

describe.skipIf(!mayCapture || !has('openssl') || !has('pgrep'))('dataset record', () => {
  const folder = temporaryFolder();
  let server: Server;
  let port = 0;

  beforeAll(async () => {
    const made = [
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-keyout',
      folder.at('key.pem'),
      '-out',
      folder.at('cert.pem'),
    ];
    spawnSync('openssl', [...made, '-days', '1', '-subj', '/CN=localhost']);
    const secret = { key: readFileSync(folder.at('key.pem')), cert: readFileSync(folder.at('cert.pem')) };
    server = createServer(secret, (_, response) => response.end(`<title>here</title>${'x'.repeat(5000)}`));
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    port = (server.address() as AddressInfo).port;
  });
  afterAll(async () => {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
    folder.remove();
  });

  const record = (output: string, label: string, ...command: string[]) =>
    flowlamp([
      'dataset',
      'record',
      '--label',
      label,
      '-o',
      folder.at(output),
      '-i',
      'lo',
      '--filter',
      `tcp port ${port}`,
      '--limit',
      '40',
      '--',
      ...command,
    ]);

  async function rows(output: string) {
    const built = await flowlamp([
      'dataset',
      'build',
      folder.at(`${output}/manifest.json`),
      '-o',
      folder.at(`${output}.jsonl`),
      '--quiet',
    ]);
    expect(built).toMatchObject({ code: 0, stderr: '' });
    return jsonRows(readFileSync(folder.at(`${output}.jsonl`), 'utf8'));
  }

  test.skipIf(!has('curl'))('curl and openssl: two recordings in one folder, each with its label', async () => {
    const one = await record(
      'two',
      'web',
      'curl',
      '-sk',
      '--resolve',
      `pool.example:${port}:127.0.0.1`,
      `https://pool.example:${port}/`,
    );
    expect(one).toMatchObject({ code: 0, stdout: '' });
    expect(one.stderr).toMatch(/recorded \d+ packets as web to /);
    const client = `printf 'GET / HTTP/1.0\\r\\n\\r\\n' | openssl s_client -quiet -connect 127.0.0.1:${port} -noservername`;
    expect((await record('two', 'bare', 'sh', '-c', client)).code).toBe(0);
    const found = await rows('two');
    expect(found.map((row) => [row['label'], row['sni'], row['tls_version'] !== null, row['dst_port']])).toEqual([
      ['web', 'pool.example', true, port],
      ['bare', null, true, port],
    ]);
    const { captures } = JSON.parse(readFileSync(folder.at('two/manifest.json'), 'utf8'));
    expect(captures[0]).toMatchObject({
      interface: 'lo',
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      command: expect.stringMatching(/^curl/),
    });
  });

  test.skipIf(!has('chromium'))('Chromium', async () => {
    const flags = [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--ignore-certificate-errors',
      `--user-data-dir=${folder.at('profile')}`,
    ];
    const { code, stderr } = await record(
      'browser',
      'browser',
      'chromium',
      ...flags,
      '--dump-dom',
      `https://127.0.0.1:${port}/`,
    );
    expect(code, stderr).toBe(0);
    const found = await rows('browser');
    expect(found.length).toBeGreaterThan(0);
    expect(found.every((row) => row['label'] === 'browser' && row['dst_port'] === port)).toBe(true);
    expect(found.some((row) => String(row['ja4']).startsWith('t13'))).toBe(true);
  });

  test('what cannot be recorded is refused, and leaves nothing', async () => {
    const none = ['dataset', 'record', '--label', 'x', '-o', folder.at('none')];
    expectFailure(await flowlamp([...none, '-i', 'no-such-interface', '--', 'true']), 'UNSUPPORTED');
    expectFailure(await flowlamp([...none, '-i', 'lo', '--filter', 'nonsense words', '--', 'true']), 'UNSUPPORTED');
    expectFailure(await flowlamp([...none, '-i', 'lo', '--', 'no-such-command']), 'OPTION_INVALID');
    const labels = ['', 'x'.repeat(201)].map((label) => ['--label', label]);
    for (const own of [...labels, ['--site', '']]) {
      expectFailure(await flowlamp([...none, ...own, '-i', 'lo', '--', 'true']), 'OPTION_INVALID');
    }
    expect(existsSync(folder.at('none'))).toBe(false);
    expect(
      (await flowlamp([...none, '-i', 'lo', '--quiet', '--filter', 'tcp port 1', '--', 'sh', '-c', 'exit 3'])).stderr,
    ).toMatch(/the command failed \(exit code 3\)/);
  });

  test.each(['SIGINT', 'SIGTERM'] as const)(
    'told to stop by %s, it leaves neither file nor process',
    async (signal) => {
      const [output, mark] = [folder.at(`stopped-${signal}`), `${process.pid}.${signal === 'SIGINT' ? 1 : 2}`];
      const words = ['dataset', 'record', '--label', 'x', '-o', output, '-i', 'lo', '--filter', 'tcp port 1'];
      const { code } = await flowlamp([...words, '--', 'sleep', mark], {
        meddle: (child) => {
          const timer = setInterval(() => {
            if (!isRunning(`^sleep ${mark}`)) return;
            child.kill(signal);
            clearInterval(timer);
          }, 20);
          child.on('exit', () => clearInterval(timer));
        },
      });
      expect(code).toBe(signal === 'SIGINT' ? 130 : 143);
      expect(readdirSync(output)).toEqual([]);
      await expect.poll(() => isRunning(`^sleep ${mark}`) || isRunning(output)).toBe(false);
    },
  );

  test('killed by SIGKILL, it leaves no tcpdump that goes on', async () => {
    const output = folder.at('killed');
    const words = ['dataset', 'record', '--label', 'x', '-o', output, '-i', 'lo', '--filter', 'tcp port 1'];
    await flowlamp([...words, '--', 'sleep', '3'], {
      meddle: (child) => {
        const timer = setInterval(() => {
          if (!isRunning(`^tcpdump .*${output}`)) return;
          child.kill('SIGKILL');
          clearInterval(timer);
        }, 20);
      },
    });
    await expect.poll(() => isRunning(output), { timeout: 10_000 }).toBe(false);
  });

  test('a limit of months is one', async () => {
    const words = ['dataset', 'record', '--label', 'x'.repeat(200), '-o', folder.at('months'), '-i', 'lo'];
    const { code, stderr } = await flowlamp([...words, '--filter', 'tcp port 1', '--limit', '9999999', '--', 'true']);
    expect([code, stderr]).toEqual([0, expect.not.stringMatching(/was ended|Overflow/)]);
  });

  test('a command that does not end is ended', async () => {
    const limited = [
      'dataset',
      'record',
      '--label',
      'x',
      '-o',
      folder.at('long'),
      '-i',
      'lo',
      '--limit',
      '1',
      '--linger',
      '0',
      '--',
      'sleep',
      '60',
    ];
    expect((await flowlamp(limited)).stderr).toMatch(/the command was ended after 1 s/);
  });
});
