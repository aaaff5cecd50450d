/** A loopback HTTP server for tests that answers as a test says, and remembers what it was asked. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Answer = (request: IncomingMessage, response: ServerResponse) => void;

export class FeedServer {
  /** What comes next; may be changed between requests. */
  answer: Answer = (_, response) => response.end();
  readonly requests: { readonly url: string; readonly headers: IncomingMessage['headers'] }[] = [];
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => {
      this.requests.push({ url: request.url ?? '', headers: request.headers });
      response.on('error', () => {});
      this.answer(request, response);
    });
  }

  static async open(): Promise<FeedServer> {
    const opened = new FeedServer();
    await new Promise<void>((resolve) => opened.#server.listen(0, '127.0.0.1', resolve));
    return opened;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  url(path = '/feed.txt'): string {
    return `http://127.0.0.1:${this.port}${path}`;
  }

  /** Answers every request with this text. */
  gives(text: string | Uint8Array, headers: Readonly<Record<string, string>> = {}, status = 200): void {
    this.answer = (_, response) => {
      response.writeHead(status, headers);
      response.end(text);
    };
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}
