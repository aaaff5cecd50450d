/** JSON-RPC over HTTP as miners with libcurl send it and pools and nodes answer it. */
import type { Prng } from '../../../../core/prng.ts';
import { letters } from '../message.ts';

export interface MinerHttp {
  post(path: string, body: string): string;
  get(path: string): string;
}

const AGENTS = ['cpuminer/2.3.2', 'bfgminer 2.99.1', 'cgminer 2.11.4', 'cpuminer-multi/1.3.7', 'phoenix 2.0.0'];
const EXTENSIONS = ['midstate', 'longpoll midstate rollntime submitold', 'longpoll noncerange reject-reason rollntime'];

/** RFC 7617: user and password in base 64. */
export function basicAuthorization(prng: Prng): string {
  const user = `${letters(prng, prng.pick([6, 10, 34]))}${prng.chance(0.5) ? `.${letters(prng, 4)}` : ''}`;
  return `Authorization: Basic ${btoa(`${user}:${letters(prng, prng.pick([1, 8, 12]))}`)}\r\n`;
}

export function drawMinerHttp(prng: Prng, host: string, authorization: string): MinerHttp {
  const agent = prng.pick(AGENTS);
  const extensions = prng.pick(EXTENSIONS);
  const common = `Host: ${host}\r\n${authorization}Accept: */*\r\nAccept-Encoding: deflate, gzip\r\n`;
  const tail = `User-Agent: ${agent}\r\nX-Mining-Extensions: ${extensions}\r\n`;
  return {
    post: (path, body) =>
      `POST ${path} HTTP/1.1\r\n${common}Content-Type: application/json\r\nContent-Length: ${body.length}\r\n${tail}\r\n${body}`,
    get: (path) => `GET ${path} HTTP/1.1\r\n${common}${tail}\r\n`,
  };
}

export function poolAnswer(server: string, body: string, extra: string): string {
  return `HTTP/1.1 200 OK\r\nServer: ${server}\r\nDate: Tue, 04 Mar 2025 10:00:00 GMT\r\nContent-Type: application/json\r\nConnection: keep-alive\r\n${extra}Content-Length: ${body.length}\r\n\r\n${body}`;
}
