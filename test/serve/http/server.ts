/** A server on a free port of the loopback address, and ways to talk to it that a well-behaved client has not. */
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { extract } from '../../../features/flows.ts';
import { jsonLines } from '../../../features/text/text-writer.ts';
import type { HttpConfig } from '../../../serve/http/config.ts';
import { type HttpServerOptions, type RunningHttpServer, startHttpServer } from '../../../serve/http/server.ts';
import type { Metrics } from '../../../serve/metrics/metrics.ts';
import { sample } from '../../cli/run.ts';
import { type MemoryOptions, MemoryService } from './memory-service.ts';

export const TOKEN = 'correct-horse-battery-staple';
export const demo = readFileSync(sample('demo.pcap'));

export interface Bench {
  readonly service: MemoryService;
  readonly server: RunningHttpServer;
  readonly url: string;
  get(path: string, headers?: Record<string, string>): Promise<Response>;
  post(path: string, type: string, body: string | Uint8Array, headers?: Record<string, string>): Promise<Response>;
  close(): Promise<void>;
}

export async function startBench(
  config: HttpConfig = {},
  options: MemoryOptions & HttpServerOptions & { readonly metrics?: Metrics } = {},
): Promise<Bench> {
  const service = await MemoryService.open(options);
  const server = await startHttpServer({ port: 0, ...config }, service, options.metrics ?? null, options);
  const { url } = server;
  return {
    service,
    server,
    url,
    get: (path, headers = {}) => fetch(`${url}${path}`, { headers }),
    post: (path, type, body, headers = {}) =>
      fetch(`${url}${path}`, { method: 'POST', headers: { 'content-type': type, ...headers }, body: body as string }),
    close: async () => {
      await server.close();
      await service.close();
    },
  };
}

/** The rows of the demo capture, as JSON has them. */
export async function demoRows(): Promise<Record<string, unknown>[]> {
  const rows: Record<string, unknown>[] = [];
  for await (const table of extract(demo, { name: 'the body' })) {
    for (const line of jsonLines(table.specs, table).split('\n')) if (line !== '') rows.push(JSON.parse(line));
  }
  return rows;
}

export interface Wire {
  readonly socket: Socket;
  /** What has come so far. */
  text(): string;
  /** Settles when what has come fits, or the other side has closed. */
  until(isThere: (text: string) => boolean): Promise<string>;
  readonly closed: Promise<void>;
}

/** A connection of bytes. */
export function dial(port: number): Promise<Wire> {
  return new Promise((resolve, reject) => {
    let text = '';
    let wake: () => void = () => undefined;
    const socket = connect(port, '127.0.0.1', () =>
      resolve({
        socket,
        closed,
        text: () => text,
        until: async (isThere) => {
          while (!isThere(text) && !socket.destroyed) {
            await new Promise<void>((done) => {
              wake = done;
            });
          }
          return text;
        },
      }),
    );
    socket.once('error', reject);
    socket.on('error', () => undefined);
    socket.on('data', (bytes) => {
      text += bytes.toString('latin1');
      wake();
    });
    const closed = new Promise<void>((done) => {
      socket.once('close', () => {
        wake();
        done();
      });
    });
  });
}

/** The status of an answer that has come over a wire. */
export function statusOf(text: string): number {
  return Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0);
}
