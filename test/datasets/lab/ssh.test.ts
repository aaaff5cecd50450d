import { expect, test } from 'vitest';
import { sshKeepalive } from '../../../datasets/lab/dialogue/ordinary/ssh-keepalive.ts';
import { sshShell } from '../../../datasets/lab/dialogue/ordinary/ssh-shell.ts';
import { sshPacketLength } from '../../../datasets/lab/dialogue/ssh.ts';
import { playOut, session, streamOf } from './conduct.ts';

const CHACHA = { name: 'chacha20-poly1305@openssh.com', blockBytes: 8, tagBytes: 16 };
const GCM = { name: 'aes256-gcm@openssh.com', blockBytes: 16, tagBytes: 16 };

test('a key pressed in OpenSSH is 36 bytes, as everybody who watched one knows', () => {
  expect(sshPacketLength(9 + 1, CHACHA)).toBe(36);
  expect(sshPacketLength(9 + 1, GCM)).toBe(36);
});

/** Message numbers of the packets in the clear, up to NEWKEYS (RFC 4253, sections 6 and 12). */
function clearMessages(stream: Uint8Array): { version: string; numbers: number[]; kexInitBytes: number } {
  const lineEnd = stream.indexOf(10) + 1;
  const version = new TextDecoder().decode(stream.subarray(0, lineEnd));
  const view = new DataView(stream.buffer, stream.byteOffset);
  const numbers: number[] = [];
  let kexInitBytes = 0;
  for (let at = lineEnd; numbers[numbers.length - 1] !== 21; ) {
    const length = view.getUint32(at);
    const padding = stream[at + 4]!;
    expect((4 + length) % 8).toBe(0);
    expect(padding).toBeGreaterThanOrEqual(4);
    expect(padding).toBeLessThan(12);
    numbers.push(stream[at + 5]!);
    if (stream[at + 5] === 20) kexInitBytes = 4 + length;
    at += 4 + length;
  }
  return { version, numbers, kexInitBytes };
}

test.each([sshShell, sshKeepalive])('$name: both sides exchange versions and keys in the clear', (dialogue) => {
  for (let seed = 0; seed < 12; seed++) {
    const client = clearMessages(streamOf(dialogue, seed, 'client'));
    const server = clearMessages(streamOf(dialogue, seed, 'server'));
    for (const { version, kexInitBytes } of [client, server]) {
      expect(version).toMatch(/^SSH-2\.0-[\x21-\x7e ]+\r\n$/);
      expect(kexInitBytes).toBeGreaterThan(300);
      expect(kexInitBytes).toBeLessThan(1_700);
    }
    expect(client.numbers).toEqual([20, 30, 21]);
    expect(server.numbers).toEqual([20, 31, 21]);
  }
});

test('most of what is typed comes back in the same size', () => {
  const seen = playOut(session(sshShell, 3)).slice(30);
  const keys = seen.filter(({ from }) => from === 'client');
  const small = Math.min(...keys.map(({ bytes }) => bytes));
  expect(keys.every(({ bytes }) => bytes === small)).toBe(true);
  const echoes = seen.filter(({ from, bytes }) => from === 'server' && bytes === small).length;
  expect(echoes).toBeGreaterThan(0.8 * keys.length);
});
