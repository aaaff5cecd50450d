import { describe, expect, test } from 'vitest';
import { ascii, concat } from '../../../support/bytes.ts';
import { pcap } from '../../../support/captures.ts';
import { type DnsShape, dns, dnsName, overTcp, TO_QUESTION } from '../../../support/clear-bytes.ts';
import { udp } from '../../../support/frames.ts';
import { extractRows, type Row } from '../../../support/rows.ts';
import { cellsOf, down, rowOfSaid, up } from '../clear-flow.ts';

const CLIENT = '10.0.0.1:5000';
const RESOLVER = '10.0.0.53:53';
const A = 1;
const ADDRESS = Uint8Array.of(192, 0, 2, 1);

function rowOf(...messages: readonly DnsShape[]): Row {
  const frames = messages.map((message) =>
    message.response ? udp(RESOLVER, CLIENT, dns(message)) : udp(CLIENT, RESOLVER, dns(message)),
  );
  const { rows } = extractRows(pcap(frames.map((bytes, i) => ({ at: 1 + i, bytes }))));
  return cellsOf(rows[0]!, 'dns_');
}

const query = (name: string, type = A): DnsShape => ({ questions: [[name, type]] });

describe('DNS over UDP', () => {
  test('a question and its answers', () => {
    const answers = [
      { name: TO_QUESTION, type: 5, data: dnsName('CDN.example') },
      { name: 'cdn.example', type: A, data: ADDRESS },
      { name: 'cdn.example', type: A, data: ADDRESS },
      {
        name: 'cdn.example',
        type: 28,
        data: concat(Uint8Array.of(0x20, 1, 0xd, 0xb8), new Uint8Array(11), Uint8Array.of(1)),
      },
    ];
    expect(rowOf(query('Pool.EXAMPLE'), { ...query('Pool.EXAMPLE'), answers, response: true })).toEqual({
      dns_query: 'pool.example',
      dns_query_type: 'A',
      dns_rcode: 0,
      dns_answers: ['cdn.example', '192.0.2.1', '2001:db8::1'],
      dns_queries: 1,
    });
  });

  test.each<[number, Uint8Array, string[] | undefined]>([
    [2, dnsName('ns.example'), ['ns.example']],
    [12, dnsName('host.example'), ['host.example']],
    [15, concat(Uint8Array.of(0, 10), dnsName('mx.example')), ['mx.example']],
    [33, concat(new Uint8Array(6), dnsName('srv.example')), ['srv.example']],
    [65, concat(Uint8Array.of(0, 1), dnsName('svc.example')), ['svc.example']],
    [64, concat(Uint8Array.of(0, 1), dnsName('')), undefined],
    [A, ADDRESS.slice(1), undefined],
    [28, ADDRESS, undefined],
    [99, dnsName('x.example'), undefined],
  ])('an answer of type %i', (type, data, expected) => {
    const row = rowOf({ ...query('a', type), answers: [{ name: TO_QUESTION, type, data }], response: true });
    expect(row['dns_answers']).toEqual(expected);
  });

  test('of texts only the length', () => {
    const answers = [1, 2].map(() => ({ name: TO_QUESTION, type: 16, data: ascii('\x05hello') }));
    expect(rowOf({ ...query('a', 16), answers, response: true })).toMatchObject({
      dns_query_type: 'TXT',
      dns_txt_bytes: 12,
    });
  });

  test('response codes, those of EDNS too', () => {
    expect(rowOf({ ...query('a'), rcode: 3, response: true })['dns_rcode']).toBe(3);
    const additional = [{ name: '', type: 41, ttl: 0x0100_0000, data: new Uint8Array(0) }];
    expect(rowOf({ ...query('a'), additional, response: true })['dns_rcode']).toBe(16);
  });

  test('several questions in a flow', () => {
    expect(rowOf(query('a', 28), query('b'), query('c'))).toEqual({
      dns_query: 'a',
      dns_query_type: 'AAAA',
      dns_queries: 3,
    });
  });

  test('an unknown type, the root', () => {
    expect(rowOf(query('', 65280))).toMatchObject({ dns_query: '.', dns_query_type: 'TYPE65280' });
  });

  test('no more than sixteen answers', () => {
    const answers = Array.from({ length: 40 }, (_, i) => ({
      name: TO_QUESTION,
      type: A,
      data: Uint8Array.of(10, 0, 0, i),
    }));
    expect(rowOf({ ...query('a'), answers, response: true })['dns_answers']).toHaveLength(16);
  });

  test('multicast DNS without a question has the name of the first answer', () => {
    const message = dns({ answers: [{ name: 'printer.local', type: A, data: ADDRESS }], response: true });
    const { rows } = extractRows(pcap([{ at: 1, bytes: udp('10.0.0.9:5353', '224.0.0.251:5353', message) }]));
    expect(rows[0]).toMatchObject({
      dns_query: 'printer.local',
      dns_query_type: 'A',
      dns_answers: ['192.0.2.1'],
      dns_queries: 0,
    });
  });

  test('other ports are not looked at, and other protocols on these are not DNS', () => {
    const frames = [
      udp('10.0.0.1:5000', '10.0.0.2:54', dns(query('a'))),
      udp('10.0.0.1:5001', '10.0.0.2:53', ascii('GET / HTTP/1.1\r\n')),
    ];
    for (const row of extractRows(pcap(frames.map((bytes) => ({ at: 1, bytes })))).rows)
      expect(cellsOf(row, 'dns_')).toEqual({});
  });
});

describe('DNS over TCP', () => {
  const server = '10.0.0.53:53';
  const question = overTcp(dns(query('pool.example')));
  const answers = [{ name: TO_QUESTION, type: A, data: ADDRESS }];
  const answer = overTcp(dns({ ...query('pool.example'), answers, response: true }));
  const expected = {
    dns_query: 'pool.example',
    dns_query_type: 'A',
    dns_rcode: 0,
    dns_answers: ['192.0.2.1'],
    dns_queries: 2,
  };

  test('messages in segments of their own, together, and byte by byte', () => {
    expect(cellsOf(rowOfSaid([up(question), up(question), down(answer)], { server }), 'dns_')).toEqual(expected);
    expect(cellsOf(rowOfSaid([up(concat(question, question)), down(answer)], { server }), 'dns_')).toEqual(expected);
    const bytes = [...concat(question, question)].map((byte) => up(Uint8Array.of(byte)));
    expect(
      cellsOf(rowOfSaid([...bytes, ...[...answer].map((byte) => down(Uint8Array.of(byte)))], { server }), 'dns_'),
    ).toEqual(expected);
  });

  test('a message that is too long is skipped', () => {
    const long = overTcp(concat(dns(query('long')), new Uint8Array(20_000)));
    expect(
      cellsOf(rowOfSaid([up(long.slice(0, 1000)), up(long.slice(1000)), up(question)], { server }), 'dns_'),
    ).toEqual({
      dns_query: 'pool.example',
      dns_query_type: 'A',
      dns_queries: 1,
    });
  });
});
