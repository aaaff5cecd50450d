/** Flows of HTTP, SSH and DNS as they are cut, copied, given up and taken for something else. */
import { describe, expect, test } from 'vitest';
import { FlowState } from '../../../features/flow/flow-state.ts';
import { Packet, Protocol } from '../../../features/packet/packet.ts';
import { type HttpSummary, httpProtocol } from '../../../features/protocol/http/http-reader.ts';
import { SharedTexts } from '../../../features/protocol/shared-texts.ts';
import { StreamWatch } from '../../../features/protocol/stream-watch.ts';
import { ascii } from '../../support/bytes.ts';
import { pcap } from '../../support/captures.ts';
import { HTTP_REQUEST, HTTP_RESPONSE } from '../../support/clear-bytes.ts';
import { extractRows } from '../../support/rows.ts';
import { down, framesOf, rowOfSaid, segments, up } from './clear-flow.ts';

const REQUEST = ascii('GET / HTTP/1.1\r\nHost: a\r\n\r\n');

/** A watch of HTTP and packets to show to it. */
function watching(mostBytes?: number) {
  const state = new FlowState();
  const watch = new StreamWatch<HttpSummary>(state, httpProtocol(new SharedTexts()), mostBytes);
  const packet = new Packet();
  packet.protocol = Protocol.Tcp;
  let sequence = 0;
  const say = (slot: number, side: 0 | 1, text: string) => {
    const bytes = ascii(text);
    packet.view = new DataView(bytes.buffer as ArrayBuffer);
    packet.payloadEnd = packet.payloadLength = bytes.length;
    packet.sequence = sequence;
    sequence += bytes.length;
    return watch.payload(slot, side, packet);
  };
  const open = (slot: number) => {
    state.start(slot, packet, slot, 0);
    watch.opened(slot);
  };
  return { watch, say, open };
}

describe('a flow', () => {
  test('that is cut goes on being read, and the part before stays as it was', () => {
    const { watch, say, open } = watching();
    open(0);
    say(0, 0, 'POST / HTTP/1.1\r\nHost: a\r\n');
    watch.continued(0, 1);
    say(1, 0, 'User-Agent: b\r\n\r\n');
    expect(watch.of(0)).toMatchObject({ method: 'POST', host: 'a', userAgent: null });
    expect(watch.of(1)).toMatchObject({ method: 'POST', host: 'a', userAgent: 'b' });
    watch.copied(1, 2);
    say(1, 1, 'HTTP/1.1 200 OK\r\n\r\n');
    expect([watch.of(2)?.status, watch.of(1)?.status]).toEqual([null, 200]);
    for (const slot of [0, 1, 2]) watch.closed(slot);
    expect([watch.of(0), watch.of(1), watch.of(2)]).toEqual([null, null, null]);
  });

  test('whose slot held another begins anew', () => {
    const { watch, say, open } = watching();
    open(0);
    say(0, 0, 'GET / HTTP/1.1\r\nHost: a\r\n');
    open(0);
    expect(watch.of(0)).toBeNull();
    say(0, 0, 'GET / HTTP/1.1\r\nHost: b\r\n');
    expect(watch.of(0)?.host).toBe('b');
  });

  test('of another protocol is looked at a few times, and not any more', () => {
    const { say, open } = watching();
    open(0);
    const wanted = Array.from({ length: 10 }, () => say(0, 0, '\x16\x03\x01\x00'));
    expect(wanted.filter(Boolean)).toHaveLength(7);
  });

  test('whose head is read is wanted until requests are counted and the response has come', () => {
    const { say, open } = watching();
    open(0);
    expect(say(0, 0, 'GET / HTTP/1.1\r\n\r\n')).toBe(true);
    expect(say(0, 1, 'HTTP/1.1 200 OK\r\n\r\n')).toBe(true);
    const wanted = Array.from({ length: 40 }, () => say(0, 1, 'x'.repeat(9)));
    expect(wanted.filter(Boolean)).toHaveLength(29);
  });

  test('is given up half-read if too much is held of all, the first one first, with what was read of it', () => {
    const { watch, say, open } = watching(10_000);
    for (let slot = 0; slot < 100; slot++) {
      open(slot);
      say(slot, 0, `GET / HTTP/1.1\r\nHost: ${slot}\r\n`);
    }
    expect(watch.givenUp).toBeGreaterThan(80);
    expect(say(99, 0, 'User-Agent: late\r\n\r\n')).toBe(true);
    // What was given up is not read any more.
    expect(say(0, 0, 'User-Agent: late\r\n\r\n')).toBe(false);
    expect([watch.of(0)?.host, watch.of(0)?.userAgent]).toEqual(['0', null]);
    expect(watch.of(99)?.userAgent).toBe('late');
  });
});

describe('rows', () => {
  test('of parts and prefixes have what was said by then', () => {
    const frames = framesOf(segments([up(HTTP_REQUEST), down(HTTP_RESPONSE), up(REQUEST)]));
    const capture = pcap(frames.map((bytes, i) => ({ at: 1 + i, bytes })));
    const { rows } = extractRows(capture, { emit: { end: true, prefixes: [3, 4], intervalUs: null } });
    expect(rows.map((row) => [row['http_method'], row['http_status'], row['http_requests']])).toEqual([
      ['GET', null, 1],
      ['GET', 101, 1],
      ['GET', 101, 2],
    ]);
  });

  test('of a connection whose beginning was not captured, from a later request on', () => {
    const row = rowOfSaid([down(ascii('\xff\xfe tail of a body')), up(HTTP_REQUEST)], { withSyn: false });
    expect(row).toMatchObject({ http_method: 'GET', http_host: 'pool.example:8080' });
  });
});
