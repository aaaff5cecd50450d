import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { ascii, concat } from '../../../support/bytes.ts';
import { KEX_LISTS, kexInit, sshPacket } from '../../../support/clear-bytes.ts';
import { cellsOf, down, framesOf, rowOf, rowOfSaid, type Said, segments, up } from '../clear-flow.ts';

const md5 = (text: string) => createHash('md5').update(text).digest('hex');
const ssh = (said: readonly Said[]) => cellsOf(rowOfSaid(said), 'ssh_', 'hassh');

const OF_CLIENT = md5(`${KEX_LISTS[0]};aes128-ctr;hmac-sha2-256;none`);
const OF_SERVER = md5(`${KEX_LISTS[0]};aes256-ctr;hmac-sha1;zlib@openssh.com,none`);
const BOTH = {
  ssh_client: 'SSH-2.0-client',
  ssh_server: 'SSH-2.0-server comment',
  hassh: OF_CLIENT,
  hassh_server: OF_SERVER,
};
const SESSION: readonly Said[] = [
  down(ascii('SSH-2.0-server comment\r\n')),
  up(ascii('SSH-2.0-client\r\n')),
  up(kexInit()),
  down(kexInit()),
];

describe('SSH', () => {
  test('identification strings and HASSH of both sides', () => {
    expect(ssh(SESSION)).toEqual(BOTH);
  });

  test('the key exchange init behind the identification in one segment', () => {
    expect(
      ssh([
        up(concat(ascii('SSH-2.0-client\n'), kexInit())),
        down(concat(ascii('SSH-2.0-server comment\n'), kexInit())),
      ]),
    ).toEqual(BOTH);
  });

  test('every byte in a segment of its own', () => {
    const bytes = SESSION.flatMap(({ side, bytes }) =>
      [...bytes].map((byte) => ({ side, bytes: Uint8Array.of(byte) })),
    );
    expect(ssh(bytes)).toEqual(BOTH);
  });

  test('a server that says other lines first (RFC 4253 4.2), in one segment with its identification or after the client', () => {
    const said = [
      up(ascii('SSH-2.0-client\r\n')),
      down(ascii('Go away!\r\nSSH-2.0-server comment\r\n')),
      down(kexInit()),
      up(kexInit()),
    ];
    expect(ssh(said)).toEqual(BOTH);
  });

  test('messages to be ignored before the key exchange init', () => {
    expect(ssh([...SESSION.slice(0, 3), down(sshPacket(ascii('\x02ignored'))), down(kexInit())])).toEqual(BOTH);
  });

  test('an identification alone, and version 1', () => {
    expect(ssh([up(ascii('SSH-2.0-client\r\n'))])).toEqual({ ssh_client: 'SSH-2.0-client' });
    expect(ssh([down(ascii('SSH-1.5-old\n')), down(kexInit())])).toEqual({ ssh_server: 'SSH-1.5-old' });
  });

  test('segments that overtake each other', () => {
    const [server, client, ...rest] = segments(SESSION);
    expect(cellsOf(rowOf(framesOf([rest[1]!, rest[0]!, client!, server!])), 'ssh_', 'hassh')).toEqual(BOTH);
  });

  test.each([
    ['a length beyond 35,000', concat(Uint8Array.of(0, 1, 0, 0), new Uint8Array(60))],
    ['a length below any packet', new Uint8Array(60)],
    ['a list that reaches beyond the packet', kexInit(['x', 'x', 'x']).slice()],
  ])('%s is no key exchange init', (_, packet) => {
    expect(ssh([up(ascii('SSH-2.0-client\n')), up(packet), up(kexInit())])).toEqual({ ssh_client: 'SSH-2.0-client' });
  });
});
