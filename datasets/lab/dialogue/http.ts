/** HTTP/1.1 heads of plausible length. Only lengths matter once sealed; the text is kept readable for plain captures. */
import type { Prng } from '../../../core/prng.ts';
import { letters } from './message.ts';

const AGENTS = [
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Safari/537.36',
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:125.0) Gecko/20100101 Firefox/125.0',
  'okhttp/4.12.0',
  'python-requests/2.31.0',
  'curl/8.5.0',
];

export interface HttpClient {
  readonly agent: string;
  readonly cookie: string;
}

export function drawHttpClient(prng: Prng): HttpClient {
  return { agent: prng.pick(AGENTS), cookie: prng.chance(0.5) ? `sid=${letters(prng, prng.integer(24, 240))}` : '' };
}

export function request(client: HttpClient, method: string, host: string, path: string, body = '', extra = ''): string {
  const cookie = client.cookie ? `Cookie: ${client.cookie}\r\n` : '';
  const length = body ? `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n` : '';
  return `${method} ${path} HTTP/1.1\r\nHost: ${host}\r\nUser-Agent: ${client.agent}\r\nAccept: */*\r\n${cookie}${extra}${length}\r\n${body}`;
}

export function response(status: string, type: string, body: string, extra = ''): string {
  return `HTTP/1.1 ${status}\r\nDate: Tue, 04 Mar 2025 10:00:00 GMT\r\nContent-Type: ${type}\r\n${extra}Content-Length: ${body.length}\r\n\r\n${body}`;
}
