/** HTTP, SSH and DNS with something wrong: never throws, never reads past the end, and says what the slow twins say. */
import { describe, expect, test } from 'vitest';
import { Prng } from '../../../core/prng.ts';
import { nodeDigests } from '../../../features/digests-node.ts';
import { hassh, hasshServer } from '../../../features/fingerprint/hassh.ts';
import { Packet } from '../../../features/packet/packet.ts';
import { CLEAR_LIMITS } from '../../../features/protocol/clear-limits.ts';
import { DnsMessages } from '../../../features/protocol/dns/dns-messages.ts';
import { dnsOverTcp } from '../../../features/protocol/dns/dns-reader.ts';
import type { DnsRecord } from '../../../features/protocol/dns/dns-record.ts';
import { DnsWatch } from '../../../features/protocol/dns/dns-watch.ts';
import { typeName } from '../../../features/protocol/dns/message.ts';
import { ResolvedNames } from '../../../features/protocol/dns/resolved-names.ts';
import { httpProtocol } from '../../../features/protocol/http/http-reader.ts';
import { SharedTexts } from '../../../features/protocol/shared-texts.ts';
import { sshProtocol } from '../../../features/protocol/ssh/ssh-reader.ts';
import type { StreamReader } from '../../../features/protocol/stream-watch.ts';
import { requestTwin, sshTwin, statusTwin } from '../../oracle/clear-twin.ts';
import { twinMessage } from '../../oracle/dns-twin.ts';
import { ascii, concat } from '../../support/bytes.ts';
import {
  DNS_SEEDS,
  HTTP_REQUESTS,
  HTTP_RESPONSES,
  KEX_LISTS,
  kexInit,
  overTcp,
  sshPacket,
} from '../../support/clear-bytes.ts';
import { cellsOf, framesOf, rowOf, type Said, segments } from './clear-flow.ts';
import { mutate } from './tls/mutate.ts';

const ROUNDS = 3000;
const texts = new SharedTexts();
const packet = new Packet();
packet.view = new DataView(new ArrayBuffer(64));
packet.ipVersion = 4;
packet.destinationPort = 53;
const messages = new DnsMessages(texts, new ResolvedNames(texts, 4));

/** Feeds a side in pieces, each followed by bytes that are none of its business. */
function feed(reader: StreamReader<unknown>, side: 0 | 1, bytes: Uint8Array, random: Prng, piece: number): void {
  let wanted = true;
  for (let at = 0; at < bytes.length && wanted; ) {
    const end = Math.min(bytes.length, at + random.integer(1, piece));
    const padded = concat(bytes.slice(at, end), random.bytes(new Uint8Array(16)));
    wanted = reader.feed(side, padded, 0, end - at, packet);
    at = end;
  }
}

describe('HTTP', () => {
  const random = new Prng('http fuzz');

  test('says what its twin says, in whatever pieces it comes', () => {
    let requests = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const up = mutate(random, random.pick(HTTP_REQUESTS));
      const down = mutate(random, random.pick(HTTP_RESPONSES));
      const reader = httpProtocol(texts).reader(6);
      feed(reader, 0, up, random, random.pick([1, 7, 4000]));
      feed(reader, 1, down, random, random.pick([1, 7, 4000]));
      const told = requestTwin(up);
      const status = statusTwin(down);
      if (told !== null) requests++;
      if (statusTwin(up) !== null || requestTwin(down) !== null) continue;
      const summary = reader.summary();
      expect(summary?.status ?? null).toBe(status);
      const { version, method, host, userAgent, connectTarget, upgrade } = summary ?? {};
      expect(
        method === undefined || method === null ? null : { version, method, host, userAgent, connectTarget, upgrade },
      ).toEqual(told);
    }
    expect(requests).toBeGreaterThan(ROUNDS / 3);
  });

  test('rows say the same however segments are cut, repeated and reordered', () => {
    for (let round = 0; round < 200; round++) {
      const up = random.pick(HTTP_REQUESTS);
      const down = random.pick(HTTP_RESPONSES);
      const row = rowOf(framesOf(shuffled(random, up, down)));
      const told = requestTwin(up)!;
      expect(row).toMatchObject({
        http_method: told.method,
        http_host: told.host,
        http_user_agent: told.userAgent,
        http_connect_target: told.connectTarget,
        http_status: statusTwin(down),
      });
    }
  });
});

/** Both sides in segments, some of them twice or too early. */
function shuffled(random: Prng, ...sides: readonly [Uint8Array, Uint8Array]) {
  const said: Said[] = [];
  const at: [number, number] = [0, 0];
  while (at[0] < sides[0].length || at[1] < sides[1].length) {
    const side = at[0] >= sides[0].length ? 1 : at[1] >= sides[1].length ? 0 : random.chance(0.8) && at[0] > 0 ? 1 : 0;
    const end = Math.min(sides[side].length, at[side] + random.integer(1, random.pick([9, 200])));
    said.push({ side, bytes: sides[side].slice(at[side], end) });
    at[side] = end;
  }
  const sent = segments(said);
  for (let i = 0; i + 1 < sent.length; i++) {
    if (random.chance(0.2)) sent.splice(i, 2, sent[i + 1]!, sent[i]!);
    else if (random.chance(0.1)) sent.splice(i, 0, sent[i]!);
  }
  return sent;
}

describe('SSH', () => {
  const random = new Prng('ssh fuzz');
  const seeds = [
    concat(ascii('SSH-2.0-OpenSSH_9.6\r\n'), kexInit()),
    concat(ascii('SSH-1.99-x y z\n'), sshPacket(ascii('\x02hello')), kexInit([...KEX_LISTS].reverse())),
    ascii('SSH-1.5-old\n'),
  ];
  const reader = () =>
    sshProtocol(texts, (lists) => ({
      hassh: hassh(lists, nodeDigests),
      hasshServer: hasshServer(lists, nodeDigests),
    })).reader(6);

  test('says what its twin says, in whatever pieces it comes', () => {
    let exchanges = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const bytes = mutate(random, random.pick(seeds));
      const ssh = reader();
      feed(ssh, 0, bytes, random, random.pick([1, 7, 4000]));
      const [side] = ssh.summary() ?? [{ banner: null, kex: null }];
      if (!/^SSH-/.test(Buffer.from(bytes).toString('latin1'))) continue;
      const told = sshTwin(bytes);
      expect(side.banner).toBe(told.banner);
      expect(side.kex ?? null).toEqual(
        told.hassh === null ? null : { hassh: told.hassh, hasshServer: told.hasshServer },
      );
      if (told.hassh !== null) exchanges++;
    }
    expect(exchanges).toBeGreaterThan(ROUNDS / 8);
  });

  test('rows say the same however segments are cut, repeated and reordered', () => {
    for (let round = 0; round < 100; round++) {
      const [up, down] = [seeds[0]!, seeds[1]!];
      const row = rowOf(framesOf(shuffled(random, up, down)));
      expect(cellsOf(row, 'hassh')).toEqual({ hassh: sshTwin(up).hassh, hassh_server: sshTwin(down).hasshServer });
    }
  });
});

describe('DNS', () => {
  const random = new Prng('dns fuzz');

  /** What a flow says whose messages these are. */
  function told(messages: readonly Uint8Array[]): Partial<DnsRecord> | null {
    const decoded = messages.map(twinMessage).filter((message) => message !== null);
    if (decoded.length === 0) return null;
    const first = decoded.find(({ questions, answers }) => questions.length > 0 || (answers[0]?.name ?? '') !== '');
    const { name, type } = first?.questions[0] ?? first?.answers[0] ?? { name: null, type: null };
    const responses = decoded.filter(({ isResponse }) => isResponse);
    const data = responses.flatMap(({ answers }) =>
      answers.filter(({ type }) => type === 16).map(({ data }) => data.length),
    );
    return {
      name,
      type,
      rcode: responses[0]?.rcode ?? null,
      txtBytes: data.length === 0 ? null : data.reduce((sum, length) => sum + length, 0),
      queries: decoded.length - responses.length,
    };
  }

  /** What a watch says of a flow with these datagrams, each followed by bytes that are none of its business. */
  function overUdp(watch: DnsWatch, slot: number, sent: readonly Uint8Array[]): DnsRecord | null {
    const shown = new Packet();
    shown.ipVersion = 4;
    shown.destinationPort = 53;
    watch.opened(slot);
    for (const bytes of sent) {
      const padded = concat(new Uint8Array(64), bytes, new Uint8Array(16).fill(0xc0));
      shown.view = new DataView(padded.buffer as ArrayBuffer);
      shown.payloadAt = 64;
      shown.payloadEnd = 64 + bytes.length;
      if (!watch.payload(slot, 0, shown)) break;
    }
    return watch.of(slot);
  }

  function overTcpStream(sent: readonly Uint8Array[]): DnsRecord | null {
    const reader = dnsOverTcp(messages).reader(6);
    feed(reader, 0, concat(...sent.map(overTcp)), random, random.pick([1, 9, 4000]));
    return reader.summary();
  }

  test.each(['UDP', 'TCP'])('over %s says what its twin says', (transport) => {
    const watch = new DnsWatch(messages);
    let summaries = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const sent = Array.from({ length: random.integer(1, 3) }, () => mutate(random, random.pick(DNS_SEEDS)));
      // Slots are used again, whatever their flow has said before.
      const summary = transport === 'TCP' ? overTcpStream(sent) : overUdp(watch, random.integer(0, 40), sent);
      if (summary !== null) {
        summaries++;
        expect(summary.answers?.length ?? 0).toBeLessThanOrEqual(CLEAR_LIMITS.dnsAnswers);
        for (const answer of summary.answers ?? []) expect(answer).not.toMatch(/\p{C}/u);
        expect(typeName(summary.type ?? 0)).toMatch(/^[A-Z0-9]+$/);
      }
      const { name, type, rcode, txtBytes, queries } = summary ?? {};
      expect(summary === null ? null : { name, type, rcode, txtBytes, queries }).toEqual(told(sent));
    }
    expect(summaries).toBeGreaterThan(ROUNDS / 2);
  });
});

test('noise is never taken for a protocol that it does not begin with, and never throws', () => {
  const random = new Prng('clear noise');
  for (let round = 0; round < ROUNDS; round++) {
    for (const protocol of [httpProtocol(texts), sshProtocol(texts, () => null), dnsOverTcp(messages)]) {
      const reader = protocol.reader(random.pick([6, 17]));
      feed(reader, random.chance(0.5) ? 0 : 1, random.bytes(new Uint8Array(random.integer(1, 300))), random, 300);
      reader.summary();
    }
  }
});
