import { describe, expect, test } from 'vitest';
import { ascii } from '../../../support/bytes.ts';
import { HTTP_REQUEST, HTTP_RESPONSE } from '../../../support/clear-bytes.ts';
import { cellsOf, down, framesOf, rowOf, rowOfSaid, type Said, segments, up } from '../clear-flow.ts';

const http = (said: readonly Said[]) => cellsOf(rowOfSaid(said), 'http_');
const request = (...lines: readonly string[]) => up(ascii(`${lines.join('\r\n')}\r\n\r\n`));
const response = (...lines: readonly string[]) => down(ascii(`${lines.join('\r\n')}\r\n\r\n`));

describe('HTTP', () => {
  test('a request and its response, but nothing of the path', () => {
    const row = rowOfSaid([up(HTTP_REQUEST), down(HTTP_RESPONSE)]);
    expect(cellsOf(row, 'http_')).toEqual({
      http_version: '1.1',
      http_method: 'GET',
      http_host: 'pool.example:8080',
      http_user_agent: 'miner/1.0',
      http_upgrade: 'websocket',
      http_status: 101,
      http_requests: 1,
    });
    expect(JSON.stringify(row)).not.toContain('secret');
  });

  test('the target of CONNECT', () => {
    expect(
      http([
        request('CONNECT eu.pool.example:3333 HTTP/1.1', 'Host: eu.pool.example:3333'),
        response('HTTP/1.0 200 OK'),
      ]),
    ).toEqual({
      http_version: '1.1',
      http_method: 'CONNECT',
      http_host: 'eu.pool.example:3333',
      http_connect_target: 'eu.pool.example:3333',
      http_status: 200,
      http_requests: 1,
    });
  });

  test('an absolute target outweighs the Host field (RFC 9112 3.2.2), and its credentials are not kept', () => {
    const row = http([request('GET http://me:secret@a.example:81/path HTTP/1.1', 'Host: b.example')]);
    expect(row['http_host']).toBe('a.example:81');
    expect(http([request('GET http://a.example?x HTTP/1.1')])['http_host']).toBe('a.example');
  });

  test('the preface of HTTP/2', () => {
    expect(http([up(ascii('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'))])).toEqual({
      http_version: 'h2c',
      http_method: 'PRI',
      http_requests: 1,
    });
  });

  test.each<[string, Said[], Record<string, unknown>]>([
    [
      'names in any case, blanks around values',
      [request('GET / HTTP/1.0', 'HOST:\t a.example ')],
      { http_host: 'a.example', http_version: '1.0' },
    ],
    ['the first field of a name counts', [request('GET / HTTP/1.1', 'Host: a', 'Host: b')], { http_host: 'a' }],
    ['lines that end with LF alone', [up(ascii('GET / HTTP/1.1\nHost: a\n\n'))], { http_host: 'a' }],
    [
      'a head that never ends',
      [up(ascii('POST / HTTP/1.1\r\nHost: a\r\nUser-'))],
      { http_method: 'POST', http_host: 'a' },
    ],
    [
      '100 is not the response, 204 is',
      [request('PUT / HTTP/1.1'), response('HTTP/1.1 100 Continue'), response('HTTP/1.1 204 No')],
      { http_status: 204 },
    ],
    ['a response alone', [response('HTTP/1.1 404 Not Found')], { http_status: 404, http_requests: 0 }],
    [
      'a long user agent is cut',
      [request('GET / HTTP/1.1', `User-Agent: ${'x'.repeat(1000)}`)],
      { http_user_agent: 'x'.repeat(256) },
    ],
    [
      'what cannot be printed is escaped',
      [request('GET / HTTP/1.1', 'User-Agent: a\x1b[31m')],
      { http_user_agent: 'a\\x1b[31m' },
    ],
    [
      'each request at the start of a packet is counted',
      [request('GET / HTTP/1.1'), response('HTTP/1.1 200 OK'), request('GET / HTTP/1.1'), request('HEAD / HTTP/1.1')],
      { http_requests: 3, http_method: 'GET' },
    ],
    [
      'behind SOCKS 5 (RFC 1928)',
      [
        up(Uint8Array.of(5, 1, 0)),
        down(Uint8Array.of(5, 0)),
        up(Uint8Array.of(5, 1, 0, 1, 1, 2, 3, 4, 0, 80)),
        down(Uint8Array.of(5, 0, 0, 1, 0, 0, 0, 0, 0, 0)),
        request('GET / HTTP/1.1', 'Host: a'),
        response('HTTP/1.1 200 OK'),
      ],
      { http_host: 'a', http_status: 200 },
    ],
  ])('%s', (_, said, cells) => {
    expect(http(said)).toMatchObject(cells);
  });

  test.each<[string, string]>([
    ['SMTP', 'EHLO mail.example\r\n'],
    ['RTSP', 'OPTIONS rtsp://a.example RTSP/1.0\r\n\r\n'],
    ['SIP', 'INVITE sip:a@b SIP/2.0\r\n\r\n'],
    ['no version', 'GET /\r\n\r\n'],
    ['another version', 'GET / HTTP/3.0\r\n\r\n'],
    ['words', 'hello world\n'],
  ])('%s is something else', (_, text) => {
    expect(http([up(ascii(text)), up(ascii('Host: a\r\n\r\n'))])).toEqual({});
  });

  test('a host that is too long is left out', () => {
    expect(http([request('GET / HTTP/1.1', `Host: ${'a'.repeat(262)}`)])).not.toHaveProperty('http_host');
  });

  test('a request that is sent twice is counted once', () => {
    const [first] = segments([up(HTTP_REQUEST)]);
    expect(rowOf(framesOf([first!, first!, first!]))['http_requests']).toBe(1);
  });

  test('every byte in a segment of its own, and the last one first', () => {
    const bytes = [...HTTP_REQUEST].map((byte) => up(Uint8Array.of(byte)));
    const all = segments(bytes);
    const expected = { http_host: 'pool.example:8080', http_upgrade: 'websocket', http_user_agent: 'miner/1.0' };
    expect(rowOf(framesOf(all))).toMatchObject(expected);
    const halves = segments([up(HTTP_REQUEST.slice(0, 30)), up(HTTP_REQUEST.slice(30))]);
    expect(rowOf(framesOf([...halves].reverse()))).toMatchObject(expected);
  });

  test('a head without an end is given up', () => {
    const line = ascii(`X: ${'y'.repeat(1400)}\r\n`);
    const head = [
      up(ascii('GET / HTTP/1.1\r\n')),
      ...Array.from({ length: 60 }, () => up(line)),
      up(ascii('Host: late\r\n\r\n')),
    ];
    expect(http(head)).toEqual({ http_version: '1.1', http_method: 'GET', http_requests: 1 });
  });
});
