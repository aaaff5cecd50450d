/** Flows of DNS over UDP as they are cut, copied and given up. */
import { describe, expect, test } from 'vitest';
import { Packet } from '../../../../features/packet/packet.ts';
import { PAGE_BYTES } from '../../../../features/protocol/byte-blocks.ts';
import { DnsMessages } from '../../../../features/protocol/dns/dns-messages.ts';
import { DnsWatch } from '../../../../features/protocol/dns/dns-watch.ts';
import { ResolvedNames } from '../../../../features/protocol/dns/resolved-names.ts';
import { SharedTexts } from '../../../../features/protocol/shared-texts.ts';
import { type DnsShape, dns, dnsName, TO_QUESTION } from '../../../support/clear-bytes.ts';

/** A watch, and datagrams to show to it. */
function watching(mostBytes?: number) {
  const texts = new SharedTexts();
  const watch = new DnsWatch(new DnsMessages(texts, new ResolvedNames(texts, 4)), mostBytes);
  const packet = new Packet();
  packet.ipVersion = 4;
  const show = (slot: number, bytes: Uint8Array, port = 53) => {
    packet.destinationPort = port;
    packet.view = new DataView(new ArrayBuffer(64 + bytes.length));
    packet.payloadAt = 64;
    packet.payloadEnd = 64 + bytes.length;
    new Uint8Array(packet.view.buffer).set(bytes, 64);
    return watch.payload(slot, 0, packet);
  };
  return { watch, show, say: (slot: number, shape: DnsShape) => show(slot, dns(shape)) };
}

const query = (name: string): DnsShape => ({ questions: [[name, 1]] });
const answer = (name: string, ...aliases: readonly string[]): DnsShape => ({
  ...query(name),
  answers: aliases.map((alias) => ({ name: TO_QUESTION, type: 5, data: dnsName(alias) })),
  response: true,
});

describe('a flow', () => {
  test('that is cut goes on being read, and the part before stays as it was', () => {
    const { watch, say } = watching();
    watch.opened(0);
    say(0, query('a.example'));
    watch.continued(0, 1);
    say(1, answer('a.example', 'b.example'));
    watch.copied(1, 2);
    say(1, answer('a.example', 'c.example'.repeat(20), 'd.example'));
    const said = (slot: number) => watch.of(slot)?.answers?.map((text) => text[0]) ?? null;
    expect([0, 1, 2].map(said)).toEqual([null, ['b', 'c', 'd'], ['b']]);
    for (const slot of [0, 1, 2]) expect(watch.of(slot)).toMatchObject({ name: 'a.example', type: 1, queries: 1 });
    for (const slot of [0, 1, 2]) watch.closed(slot);
    expect([0, 1, 2].map((slot) => watch.of(slot))).toEqual([null, null, null]);
  });

  test('whose first answers came before its name', () => {
    const { watch, show, say } = watching();
    watch.opened(0);
    const told = dns({ answers: [{ name: '', type: 5, data: dnsName('b.example') }], response: true });
    // The owner of the record is a pointer to itself: no name, but skipped as one.
    show(0, Uint8Array.of(...told.subarray(0, 12), 0xc0, 12, ...told.subarray(13)));
    expect(watch.of(0)).toMatchObject({ name: null, type: null, answers: ['b.example'] });
    say(0, query('a.example'));
    say(0, answer('a.example', 'b.example', 'c.example'));
    expect(watch.of(0)).toMatchObject({ name: 'a.example', type: 1, answers: ['b.example', 'c.example'] });
  });

  test('on other ports, or of many datagrams that are no messages, is looked at no more', () => {
    const { watch, show, say } = watching();
    watch.opened(0);
    expect(show(0, dns(query('a')), 54)).toBe(false);
    watch.opened(1);
    const wanted = Array.from({ length: 4 }, () => show(1, Uint8Array.of(1, 2, 3)));
    watch.continued(1, 2);
    for (let i = 0; i < 4; i++) wanted.push(show(2, Uint8Array.of(1, 2, 3)));
    expect(wanted.filter(Boolean)).toHaveLength(7);
    expect([0, 1, 2].map((slot) => watch.of(slot))).toEqual([null, null, null]);
    // What is no message among those that are is passed over.
    watch.opened(3);
    say(3, query('a'));
    expect(Array.from({ length: 20 }, () => show(3, Uint8Array.of(1))).every(Boolean)).toBe(true);
    expect(watch.of(3)?.queries).toBe(1);
  });

  test('is given up if too much is held of all, with what was read of it, and others have room when flows end', () => {
    const { watch, say } = watching(PAGE_BYTES);
    const slots = Array.from({ length: PAGE_BYTES / 64 }, (_, slot) => slot);
    for (const slot of slots) {
      watch.opened(slot);
      expect(say(slot, query(`${slot}.example`))).toBe(true);
    }
    watch.opened(slots.length);
    expect([say(slots.length, query('late')), watch.givenUp]).toEqual([false, 1]);
    expect(watch.of(slots.length)).toBeNull();
    // It has no room for an answer; the name stays.
    expect(say(7, answer('7.example', 'x'.repeat(60)))).toBe(false);
    expect(watch.of(7)).toMatchObject({ name: '7.example', answers: null, rcode: 0 });
    watch.copied(8, 2000);
    expect([watch.of(2000), watch.givenUp]).toEqual([null, 3]);
    watch.closed(9);
    watch.opened(3000);
    expect(say(3000, query('new'))).toBe(true);
    expect(watch.of(3000)?.name).toBe('new');
    for (const slot of slots.slice(10)) expect(watch.of(slot)?.name).toBe(`${slot}.example`);
  });
});
