/** `dns_name`: what the initiator asked for before it connected. */
import { describe, expect, test } from 'vitest';
import { ResolvedNames } from '../../../../features/protocol/dns/resolved-names.ts';
import { SharedTexts } from '../../../../features/protocol/shared-texts.ts';
import { concat } from '../../../support/bytes.ts';
import { pcap } from '../../../support/captures.ts';
import { dns, dnsName, TO_QUESTION } from '../../../support/clear-bytes.ts';
import { endpoint, Flag, tcp, udp } from '../../../support/frames.ts';
import { extractRows } from '../../../support/rows.ts';

const CLIENT = '10.0.0.1';
const SERVER = '192.0.2.1';

/** At a second, a client is told that a name is the server, through an alias. */
function told(at: number, name: string, { client = CLIENT, ttl = 60, server = SERVER, port = 53 } = {}) {
  const message = dns({
    questions: [[name, 1]],
    answers: [
      { name: TO_QUESTION, type: 5, data: dnsName('alias.example') },
      { name: 'alias.example', type: 1, ttl, data: endpoint(`${server}:0`).address },
    ],
    response: true,
  });
  return { at, bytes: udp(`10.0.0.53:${port}`, `${client}:5000`, message) };
}

function connect(at: number, port = 40000, client = CLIENT, flags: number = Flag.SYN) {
  return { at, bytes: tcp({ from: `${client}:${port}`, to: `${SERVER}:3333`, flags }) };
}

function namesOf(frames: Parameters<typeof pcap>[0], options = {}): unknown[] {
  const { rows } = extractRows(pcap(frames), { idleTimeout: 0, activeTimeout: 0, ...options });
  const flows = rows.filter((row) => row['protocol'] === 'tcp');
  return flows.sort((a, b) => Number(a['src_port']) - Number(b['src_port'])).map((row) => row['dns_name']);
}

describe('the name of a flow', () => {
  test('is what the client asked for, not the alias', () => {
    expect(namesOf([told(1, 'Pool.example'), connect(2)])).toEqual(['pool.example']);
  });

  test('is the last that this client asked for, and no other client', () => {
    const asked = [told(1, 'a.example'), told(2, 'b.example'), told(3, 'c.example', { client: '10.0.0.2' })];
    expect(namesOf([...asked, connect(4), connect(5, 40001, '10.0.0.3')])).toEqual(['b.example', null]);
  });

  test('is not that of an answer which came when the flow was open', () => {
    expect(namesOf([connect(1), told(2, 'late.example'), connect(3, 40001)])).toEqual([null, 'late.example']);
  });

  test.each([
    [60, 600, 'pool.example'],
    [60, 602, null],
    [3600, 3600, 'pool.example'],
    [3600, 3602, null],
    [0xffff_ffff, 86_400, 'pool.example'],
    [0xffff_ffff, 86_402, null],
  ])('with %i s to live is after %i s %s', (ttl, after, expected) => {
    expect(namesOf([told(1, 'pool.example', { ttl }), connect(1 + after)])).toEqual([expected]);
  });

  test('is found where the answer to the SYN comes first, or no SYN was seen', () => {
    const back = { at: 2, bytes: tcp({ from: `${SERVER}:3333`, to: `${CLIENT}:40000`, flags: Flag.SYN | Flag.ACK }) };
    expect(namesOf([told(1, 'pool.example'), back])).toEqual(['pool.example']);
    expect(namesOf([told(1, 'pool.example'), connect(2, 40000, CLIENT, Flag.ACK)])).toEqual(['pool.example']);
  });

  test('stays that of its parts', () => {
    const frames = [told(1, 'pool.example'), connect(2), connect(20, 40000, CLIENT, Flag.ACK)];
    expect(namesOf(frames, { activeTimeout: 10 })).toEqual(['pool.example', 'pool.example']);
  });

  test('is not taken from multicast DNS', () => {
    expect(namesOf([told(1, 'pool.example', { port: 5353 }), connect(2)])).toEqual([null]);
  });

  test('is not looked for if nobody asks for it', () => {
    const { rows } = extractRows(pcap([told(1, 'a'), connect(2)]), { columns: ['sni', 'src_ip'] });
    expect(rows).toHaveLength(2);
  });
});

const named = (text: string) => {
  const bytes = new TextEncoder().encode(text);
  return { bytes, length: bytes.length };
};

describe('the table of names', () => {
  const view = new DataView(new ArrayBuffer(64));
  const put = (at: number, address: number) => view.setUint32(at, address);

  test('forgets what was not in use for longest', () => {
    const names = new ResolvedNames(new SharedTexts(), 4);
    const server = new Uint8Array(view.buffer);
    for (let i = 0; i < 12; i++) {
      put(0, 1);
      put(4, i);
      names.add(view, 0, server, 4, 4, named(`name ${i}`), 60, 0);
      put(4, 0);
      // The first one stays in use.
      expect(names.of(view, 0, 4, 4, 1)).toBe('name 0');
    }
    put(4, 1);
    expect(names.of(view, 0, 4, 4, 1)).toBeNull();
    put(4, 11);
    expect(names.of(view, 0, 4, 4, 1)).toBe('name 11');
  });

  test('knows long names, and short ones in their place', () => {
    const names = new ResolvedNames(new SharedTexts(), 4);
    const bytes = new Uint8Array(view.buffer);
    for (const name of ['a'.repeat(95), 'b'.repeat(96), 'c', 'd'.repeat(300), 'é'.repeat(47), 'é'.repeat(48)]) {
      names.add(view, 0, bytes, 4, 4, named(name), 60, 0);
      expect(names.of(view, 0, 4, 4, 1)).toBe(name);
    }
  });

  test('knows IPv6', () => {
    const names = new ResolvedNames(new SharedTexts());
    const bytes = concat(new Uint8Array(16).fill(1), new Uint8Array(16).fill(2));
    const six = new DataView(bytes.buffer);
    names.add(six, 0, bytes, 16, 6, named('six'), 60, 0);
    expect(names.of(six, 0, 16, 6, 1)).toBe('six');
    expect(names.of(six, 16, 0, 6, 1)).toBeNull();
    expect(names.of(six, 12, 28, 4, 1)).toBeNull();
  });
});
