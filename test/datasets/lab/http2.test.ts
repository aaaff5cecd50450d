import { connect, createServer, type ServerHttp2Stream } from 'node:http2';
import { Duplex } from 'node:stream';
import { expect, test } from 'vitest';
import { FrameType } from '../../../datasets/lab/dialogue/http2.ts';
import { grpcStream } from '../../../datasets/lab/dialogue/ordinary/grpc-stream.ts';
import { http2Browsing } from '../../../datasets/lab/dialogue/ordinary/http2-browsing.ts';
import { streamOf } from './conduct.ts';

const PREFACE_BYTES = 24;

interface ReadFrame {
  readonly type: number;
  readonly flags: number;
  readonly bytes: Uint8Array;
}

function frames(stream: Uint8Array, from: number): ReadFrame[] {
  const found: ReadFrame[] = [];
  for (let at = from; at < stream.length; ) {
    const length = (stream[at]! << 16) | (stream[at + 1]! << 8) | stream[at + 2]!;
    found.push({ type: stream[at + 3]!, flags: stream[at + 4]!, bytes: stream.subarray(at, at + 9 + length) });
    at += 9 + length;
  }
  return found;
}

/** nghttp2 refuses an answer to a ping it did not send itself, so those are left out of what it is fed. */
const withoutPongs = (all: readonly ReadFrame[]) =>
  all.filter(({ type, flags }) => !(type === FrameType.Ping && flags & 1)).map(({ bytes }) => Buffer.from(bytes));

class Feed extends Duplex {
  override _read(): void {}
  override _write(_chunk: Uint8Array, _encoding: string, done: () => void): void {
    done();
  }
}

const turns = async (count: number) => {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
};

test.each([http2Browsing, grpcStream])("$name: nghttp2 reads the client's bytes as requests", async (dialogue) => {
  for (let seed = 0; seed < 8; seed++) {
    const bytes = streamOf(dialogue, seed, 'client');
    const all = frames(bytes, PREFACE_BYTES);
    const paths: string[] = [];
    const errors: unknown[] = [];
    const server = createServer();
    server.on('stream', (stream: ServerHttp2Stream, headers) => {
      expect(headers[':authority']).toBe('eu1.river-works.example');
      paths.push(headers[':path'] ?? '');
      stream.on('error', () => {});
      stream.resume();
      stream.respond({ ':status': 200 }, { endStream: true }); // else the hundredth stream would be one too many
    });
    server.on('session', (session) => session.on('error', (error) => errors.push(error)));
    const feed = new Feed();
    server.emit('connection', feed);
    feed.push(Buffer.from(bytes.subarray(0, PREFACE_BYTES)));
    for (const frame of withoutPongs(all)) {
      feed.push(frame);
      await turns(1);
    }
    await turns(30);
    expect(errors).toEqual([]);
    expect(paths.length).toBe(all.filter(({ type }) => type === FrameType.Headers).length);
    expect(paths.every((path) => path.startsWith('/') && path.length > 2)).toBe(true);
    feed.destroy();
  }
});

test.each([http2Browsing, grpcStream])("$name: nghttp2 reads the server's bytes as answers", async (dialogue) => {
  let bodies = 0;
  for (let seed = 0; seed < 8; seed++) {
    const asked = frames(streamOf(dialogue, seed, 'client'), PREFACE_BYTES);
    const requests = asked.filter(({ type }) => type === FrameType.Headers).length;
    const feed = new Feed();
    const session = connect('http://eu1.river-works.example', { createConnection: () => feed });
    const errors: unknown[] = [];
    const statuses: unknown[] = [];
    session.on('error', (error) => errors.push(error));
    const pushed = withoutPongs(frames(streamOf(dialogue, seed, 'server'), 0));
    feed.push(pushed.shift()); // SETTINGS first: how many streams may be open
    await turns(5);
    for (let i = 0; i < requests; i++) {
      const request = session.request({ ':path': '/' }, { endStream: true });
      request.on('response', (headers) => statuses.push(headers[':status']));
      request.on('data', (chunk: Uint8Array) => {
        bodies += chunk.length;
      });
      request.on('error', () => {});
    }
    await turns(5);
    for (const frame of pushed) {
      feed.push(frame);
      await turns(1);
    }
    await turns(30);
    expect(errors).toEqual([]);
    expect(statuses.length).toBeGreaterThan(0.7 * Math.min(requests, 100)); // the last may be cut off by the hour
    expect(new Set(statuses)).toEqual(new Set([200]));
    session.destroy();
  }
  expect(bodies).toBeGreaterThan(1_000);
});
