import { expect, test } from 'vitest';
import { Prng } from '../../../core/prng.ts';
import { playSession } from '../../../datasets/lab/capture/session.ts';
import { CATALOGUE } from '../../../datasets/lab/dialogue/catalogue.ts';
import type { Dialogue, Side } from '../../../datasets/lab/dialogue/message.ts';
import { drawCredentials } from '../../../datasets/lab/encapsulation/certificate.ts';
import { drawClientShape, drawServerShape } from '../../../datasets/lab/encapsulation/shapes.ts';
import { openTls } from '../../../datasets/lab/encapsulation/tls.ts';
import type { TlsServer } from '../../../datasets/lab/encapsulation/tls-contexts.ts';
import type { Host } from '../../../datasets/lab/transport/connection.ts';
import { drawPath } from '../../../datasets/lab/transport/path.ts';
import { drawStack } from '../../../datasets/lab/transport/stack.ts';

const host = (last: number, port: number): Host => ({
  endpoint: { mac: Uint8Array.of(2, 0, 0, 0, 0, last), ip: Uint8Array.of(10, 0, 0, last), port },
  stack: drawStack(new Prng(last)),
});

const CREDENTIALS = drawCredentials(new Prng(2), 'a');

/** Plays ten minutes inside TLS and notes what the applications handed to it, and what the tap saw. */
async function play(dialogue: Dialogue, seed: number) {
  const server: TlsServer = {
    version: 'tls13',
    host: 'a.example',
    shape: drawServerShape(new Prng(1)),
    credentials: () => CREDENTIALS,
  };
  const plaintext: [Side, string][] = [];
  const { packets } = await playSession({
    dialogue,
    openChannel: async () => {
      const channel = await openTls(server, drawClientShape(new Prng(seed)));
      const seal = (from: Side, bytes: Uint8Array) => {
        plaintext.push([from, Buffer.from(bytes).toString('hex')]);
        return channel.seal(from, bytes);
      };
      return { ...channel, seal };
    },
    client: host(1, 40_000),
    server: host(2, 443),
    path: drawPath(new Prng(seed)),
    host: 'a.example',
    startUs: 5e6,
    durationUs: 600e6,
    captureEndUs: 3_600e6,
    messagesMax: Number.POSITIVE_INFINITY,
    seed,
    operatorSeed: 4,
    chainSeed: 5,
    visit: 0,
    difficulty: 1,
    evasions: [],
  });
  // The handshake may have a segment more or less from run to run.
  const settled = packets.filter(({ tapUs }) => tapUs > 10e6);
  return { plaintext, seen: settled.map(({ from, tapUs, flags, payload }) => [from, tapUs, flags, payload.length]) };
}

test.each(
  Object.values(CATALOGUE)
    .flat()
    .map(({ value }) => [value.name, value] as const),
)(
  '%s: the same seed gives the same plaintext to the byte, at the same times and in the same sizes',
  async (_, dialogue) => {
    const [one, two] = [await play(dialogue, 7), await play(dialogue, 7)];
    expect(two).toEqual(one);
    expect(one.plaintext.length).toBeGreaterThan(0);
    expect((await play(dialogue, 8)).plaintext).not.toEqual(one.plaintext);
  },
);
