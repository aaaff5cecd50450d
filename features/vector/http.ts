/**
 * Group `http`: the first request and response of a connection that speaks HTTP in the clear, on any port. Paths, queries,
 * cookies and bodies are not kept: they tell of people, not of programs. None of it is a model input.
 */
import type { HttpSummary } from '../protocol/http/http-reader.ts';
import type { FactNumbers, FactWriter } from './facts.ts';
import type { FeatureRows } from './spec.ts';

const NO_REQUEST = 'No HTTP request was read.';

export const HTTP = {
  http_version: {
    type: 'utf8',
    doc: '`1.0`, `1.1` (RFC 9112), or `h2c`: HTTP/2 without TLS (RFC 9113 3.3).',
    nulls: NO_REQUEST,
  },
  http_method: { type: 'utf8', doc: 'Method of the first request; PRI in the preface of HTTP/2.', nulls: NO_REQUEST },
  http_host: {
    type: 'utf8',
    doc: 'Host, with its port if one is written: of an absolute request target (RFC 9112 3.2.2), else of the Host field. No other part of a target is kept.',
    nulls: 'No HTTP request was read, or it names no host.',
  },
  http_user_agent: {
    type: 'utf8',
    doc: 'User-Agent of the first request, cut at 256 bytes.',
    nulls: 'No HTTP request was read, or it has none.',
  },
  http_connect_target: {
    type: 'utf8',
    doc: 'Host and port that a proxy is asked to connect to (CONNECT, RFC 9110 9.3.6).',
    nulls: 'The first request is not CONNECT.',
  },
  http_upgrade: {
    type: 'utf8',
    doc: 'Upgrade of the first request in lower case, such as `websocket` (RFC 9110 7.8).',
    nulls: 'No HTTP request was read, or it asks for none.',
  },
  http_status: {
    type: 'uint16',
    doc: 'Status code of the first response that is final or 101.',
    nulls: 'No HTTP response was read.',
  },
  http_requests: {
    type: 'uint8',
    unit: 'requests',
    doc: 'Requests that a packet began with, among the first 32 packets with payload of the flow, parts before this included.',
    nulls: 'Neither an HTTP request nor a response was read.',
  },
} as const satisfies FeatureRows;

export function writeHttp(facts: FactWriter, at: FactNumbers<typeof HTTP>, http: HttpSummary): void {
  facts.text(at.http_version, http.version);
  facts.text(at.http_method, http.method);
  facts.text(at.http_host, http.host);
  facts.text(at.http_user_agent, http.userAgent);
  facts.text(at.http_connect_target, http.connectTarget);
  facts.text(at.http_upgrade, http.upgrade);
  facts.number(at.http_status, http.status);
  facts.number(at.http_requests, http.requests);
}
