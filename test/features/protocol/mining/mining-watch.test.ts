/** Mining found in flows as captures have them: late, cut, one-sided, wrapped, for days; and given up where it must be. */
import { describe, expect, test } from 'vitest';
import { FlowState } from '../../../../features/flow/flow-state.ts';
import { Packet, Protocol, TcpFlag } from '../../../../features/packet/packet.ts';
import { MINING_LIMITS } from '../../../../features/protocol/mining/limits.ts';
import { MiningWatch } from '../../../../features/protocol/mining/mining-watch.ts';
import { ascii, concat } from '../../../support/bytes.ts';
import { type Frame, pcap } from '../../../support/captures.ts';
import { Flag, tcp } from '../../../support/frames.ts';
import { answer, EXCHANGES, HTTP_EXCHANGES, line, post, textFrame } from '../../../support/mining-bytes.ts';
import { extractRows, type Row } from '../../../support/rows.ts';
import {
  CLIENT,
  cellsOf,
  down,
  framesOf,
  rowOf,
  rowOfSaid,
  type Said,
  SERVER,
  type Segment,
  segments,
  up,
  wholeOf,
} from '../clear-flow.ts';

const { up: ASKED, down: TOLD } = EXCHANGES['stratum-v1']!;
const SUBSCRIBE = up(line(ASKED[0]));
const SUBSCRIBED = down(line(TOLD[0]));
const NOTIFY = down(line(TOLD[3]));
const submit = (id: number): Said =>
  up(line({ id, method: 'mining.submit', params: ['account.rig1', '1f', '00000001', '5e6f7081', 'b2957c02'] }));
const accept = (id: number): Said => down(line({ id, result: true, error: null }));
const SESSION = [SUBSCRIBE, SUBSCRIBED, ...[10, 11, 12, 13].flatMap((id) => [submit(id), NOTIFY, accept(id)])];
const COUNTS = { mining_submissions: 4, mining_accepted: 4, mining_jobs: 4, mining_answered: 5 };

const mining = (row: Row) => cellsOf(row, 'mining_');
const sent = (list: readonly Segment[], withSyn = true) => mining(rowOf(framesOf(list, { withSyn })));

describe('segments', () => {
  test.each([1, 3, 50])('of %i bytes say the same as whole lines', (size) => {
    const cut = SESSION.flatMap(({ side, bytes }) =>
      Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => ({
        side,
        bytes: bytes.slice(i * size, (i + 1) * size),
      })),
    );
    expect(mining(rowOfSaid(cut))).toMatchObject({ ...COUNTS, mining_lost: 0, mining_proven: true });
  });

  test('that hold several lines say the same', () => {
    const joined = [up(wholeOf(SESSION, 0)), down(wholeOf(SESSION, 1))];
    expect(mining(rowOfSaid(joined))).toMatchObject(COUNTS);
  });

  test('that hold a batch say the same', () => {
    const batch = (side: 0 | 1) => ({
      side,
      bytes: ascii(
        `[${[...SESSION].filter((one) => one.side === side).map(({ bytes }) => Buffer.from(bytes).toString())}]`,
      ),
    });
    expect(mining(rowOfSaid([batch(0), batch(1)]))).toMatchObject(COUNTS);
  });

  test('that come twice count once', () => {
    const list = segments(SESSION);
    expect(sent(list.flatMap((one) => [one, one]))).toMatchObject({ ...COUNTS, mining_lost: 0 });
    expect(sent([...list, ...list])).toMatchObject({ ...COUNTS, mining_lost: 0 });
  });

  test('that overtake each other are put in order', () => {
    const list = segments(SESSION);
    const swapped = [...list.slice(0, 2), list[5]!, list[2]!, list[3]!, list[4]!, ...list.slice(6)];
    expect(sent(swapped)).toMatchObject({ ...COUNTS, mining_lost: 0 });
    // Even the first one.
    expect(sent([list[2]!, list[0]!, ...list.slice(1, 2), ...list.slice(3)])).toMatchObject({
      mining_submissions: 4,
      mining_lost: 0,
    });
  });

  test('that are missing cost what was in them: the other side acknowledges that they came', () => {
    const list = segments(SESSION);
    const withAcks = list.map(({ side, bytes, sequence }, i) => {
      const heard = list.slice(0, i).findLast((one) => one.side !== side);
      const ack = heard === undefined ? 0 : (heard.sequence + heard.bytes.length) >>> 0;
      const [from, to] = side === 0 ? [CLIENT, SERVER] : [SERVER, CLIENT];
      return tcp({ from, to, seq: sequence, ack, flags: Flag.ACK | Flag.PSH, payload: bytes });
    });
    const syns = framesOf([]);
    expect(mining(rowOf([...syns, ...withAcks.filter((_, i) => i !== 2)]))).toMatchObject({
      mining_submissions: 3,
      mining_accepted: 3,
      mining_jobs: 4,
      mining_lost: 1,
    });
  });

  test('that are missing, and nobody says so, hold up what follows for seconds and no longer', () => {
    const list = segments(SESSION).filter((_, i) => i !== 2);
    const capture = (gap: number) => pcap(framesOf(list).map((bytes, i) => ({ at: 1 + i * gap, bytes })));
    // Two SYNs and eight messages: the hole is known at the sixth frame.
    const countAt = (gap: number, packets: number) => {
      const emit = { end: false, prefixes: [packets], intervalUs: null };
      return mining(extractRows(capture(gap), { activeTimeout: 0, emit }).rows[0]!);
    };
    expect(countAt(0.01, 13)).toMatchObject({ mining_submissions: 0, mining_lost: 0 });
    expect(countAt(2, 13)).toMatchObject({ mining_submissions: 3, mining_lost: 1 });
    // At the end nothing is waited for.
    expect(mining(extractRows(capture(0.01), { activeTimeout: 0 }).rows[0]!)).toMatchObject({ mining_submissions: 3 });
  });

  test('that were cut by the snapshot length cost the message that they end in', () => {
    const list = segments(SESSION);
    const frames: Frame[] = framesOf(list).map((bytes, i) => {
      const isCut = i === 2 + 2;
      return { at: 1 + i / 100, bytes: isCut ? bytes.slice(0, bytes.length - 20) : bytes, wireLength: bytes.length };
    });
    const { rows } = extractRows(pcap(frames), { activeTimeout: 0 });
    expect(mining(rows[0]!)).toMatchObject({
      mining_submissions: 3,
      mining_accepted: 3,
      mining_jobs: 4,
      mining_lost: 1,
    });
  });
});

describe('a capture that begins in the middle', () => {
  test('of a line finds the next one', () => {
    const cut = [{ ...SUBSCRIBE, bytes: concat(SUBSCRIBE.bytes.slice(20), submit(9).bytes) }, ...SESSION.slice(2)];
    expect(sent(segments(cut), false)).toMatchObject({
      mining_submissions: 5,
      mining_accepted: 4,
      mining_proven: true,
    });
  });

  test('of a session finds shares and their answers, and the account in them', () => {
    expect(sent(segments(SESSION.slice(2)), false)).toMatchObject({
      mining_proven: true,
      mining_login: 'b656ecf747de',
      mining_accepted: 4,
    });
  });

  test('of a WebSocket finds its messages', () => {
    const asked = EXCHANGES['coinhive']!.up.map((one) => up(textFrame(JSON.stringify(one), [1, 2, 3, 4])));
    const told = EXCHANGES['coinhive']!.down.map((one) => down(textFrame(JSON.stringify(one))));
    expect(sent(segments([...asked, ...told]), false)).toMatchObject({
      mining_dialect: 'coinhive',
      mining_transport: 'websocket',
      mining_submissions: 1,
    });
  });
});

describe('what messages come in', () => {
  const GET = ascii('GET /p HTTP/1.1\r\nHost: ws.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
  const SWITCH = ascii('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n');

  test('WebSocket: frames masked, split, joined and between others', () => {
    const { up: asked, down: told } = EXCHANGES['coinhive']!;
    const frames = asked.map((one) => textFrame(JSON.stringify(one), [9, 8, 7, 6]));
    const ping = Uint8Array.of(0x89, 0x80, 1, 2, 3, 4);
    const stream = concat(frames[0]!, ping, frames[1]!);
    const said = [up(GET), down(SWITCH), up(stream.slice(0, 31)), up(stream.slice(31))];
    const back = concat(...told.map((one) => textFrame(JSON.stringify(one))));
    expect(mining(rowOfSaid([...said, down(back)]))).toMatchObject({
      mining_dialect: 'coinhive',
      mining_transport: 'websocket',
      mining_proven: true,
      mining_miner_messages: 2,
      mining_pool_messages: 3,
    });
  });

  test('HTTP: a long poll, whose answer comes in chunks', () => {
    const [, told] = HTTP_EXCHANGES['getwork']![0]!;
    const text = JSON.stringify(told);
    const head = ascii('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
    const chunks = [text.slice(0, 100), text.slice(100)].map((part) =>
      ascii(`${part.length.toString(16)}\r\n${part}\r\n`),
    );
    const asked = ascii(
      'GET /LP HTTP/1.1\r\nHost: pool.example\r\nUser-Agent: cgminer 2.11\r\nX-Mining-Extensions: midstate\r\n\r\n',
    );
    expect(mining(rowOfSaid([up(asked), down(concat(head, ...chunks, ascii('0\r\n\r\n')))]))).toMatchObject({
      mining_dialect: 'getwork',
      mining_jobs: 1,
      mining_proven: true,
    });
    expect(mining(rowOfSaid([up(asked)]))).toMatchObject({ mining_dialect: 'getwork', mining_proven: false });
  });

  test('HTTP: a body behind its head, one of another kind before, an interim answer', () => {
    const [asked, told] = HTTP_EXCHANGES['getwork']![0]!;
    const request = post(asked);
    const end = request.length - JSON.stringify(asked).length;
    const other = ascii('POST /form HTTP/1.1\r\nContent-Length: 3\r\n\r\na=b');
    const said = [up(other), down(answer({})), up(request.slice(0, end)), down(ascii('HTTP/1.1 100 Continue\r\n\r\n'))];
    expect(mining(rowOfSaid([...said, up(request.slice(end)), down(answer(told))]))).toMatchObject({
      mining_dialect: 'getwork',
      mining_proven: true,
    });
  });

  test.each([
    [
      'SOCKS 5',
      [
        up(Uint8Array.of(5, 1, 0)),
        down(Uint8Array.of(5, 0)),
        up(Uint8Array.of(5, 1, 0, 1, 1, 2, 3, 4, 13, 5)),
        down(Uint8Array.of(5, 0, 0, 1, 0, 0, 0, 0, 0, 0)),
      ],
    ],
    [
      'CONNECT',
      [
        up(ascii('CONNECT p.example:3333 HTTP/1.1\r\n\r\n')),
        down(ascii('HTTP/1.1 200 Connection established\r\n\r\n')),
      ],
    ],
  ])('a proxy by %s first', (_, before) => {
    expect(mining(rowOfSaid([...before, ...SESSION]))).toMatchObject({ ...COUNTS, mining_proven: true });
  });
});

describe('Stratum V2', () => {
  const random = (length: number, seed: number) =>
    Uint8Array.from({ length }, (_, i) => (i * 73 + seed * 31 + ((i * i) >> 3)) & 255);
  const shake = (lengths: readonly number[]) =>
    lengths.map((length, i) => ({ side: (i & 1) as 0 | 1, bytes: random(length, i) }));

  test.each([[[64, 234, 90]], [[32, 170, 90]]])('is told by the lengths %j, as a shape', (lengths) => {
    expect(mining(rowOfSaid(shake(lengths)))).toMatchObject({
      mining_dialect: 'stratum-v2',
      mining_proven: false,
      mining_miner: 'fwd',
      mining_miner_messages: 0,
    });
  });

  test.each([[[64, 233, 90]], [[64, 170, 90]], [[65, 234, 90]], [[64, 234, 20]], [[64, 234]]])(
    'is not told by %j',
    (lengths) => {
      expect(mining(rowOfSaid(shake(lengths)))).toEqual({});
    },
  );

  test('is not told by text, nor in the middle of a flow', () => {
    const text = [64, 234, 90].map((length, i) => ({ side: (i & 1) as 0 | 1, bytes: new Uint8Array(length).fill(65) }));
    expect(mining(rowOfSaid(text))).toEqual({});
    expect(sent(segments(shake([64, 234, 90])), false)).toEqual({});
  });
});

describe('long flows', () => {
  const frames = framesOf(
    segments([SUBSCRIBE, SUBSCRIBED, ...Array.from({ length: 30 }, (_, i) => [submit(i), accept(i)]).flat()]),
  );
  const capture = pcap(frames.map((bytes, i) => ({ at: 1 + i * 10, bytes })));

  test('are counted by parts, and stay what they were', () => {
    const { rows } = extractRows(capture, { activeTimeout: 100 });
    const parts = rows.map(mining);
    expect(parts.length).toBeGreaterThan(4);
    expect(parts.reduce((sum, part) => sum + Number(part['mining_accepted']), 0)).toBe(30);
    for (const part of parts) {
      expect(part).toMatchObject({ mining_dialect: 'stratum-v1', mining_proven: true, mining_agent: 'cgminer/4.10.0' });
      expect(Number(part['mining_submissions'])).toBeLessThanOrEqual(6);
    }
    expect(parts[1]).not.toHaveProperty('mining_first_us');
  });

  test('have the rate of shares of each part, and logins for each share', () => {
    const { rows } = extractRows(capture, { activeTimeout: 0 });
    // 30 shares from the first packet to the last, which come every 10 s.
    expect(mining(rows[0]!)['mining_submissions_per_hour']).toBeCloseTo((30 * 3600) / ((frames.length - 1) * 10), 6);
    expect(mining(rows[0]!)['mining_authorisations_per_submission']).toBe(0);
    for (const part of extractRows(capture, { activeTimeout: 100 }).rows) {
      const rate = mining(part)['mining_submissions_per_hour'];
      if (rate === undefined) continue;
      expect((Number(rate) * Number(part['duration_us'])) / 3600e6).toBeCloseTo(Number(part['mining_submissions']), 6);
    }
  });

  test('of less than a minute have no rate, those without a share no ratio', () => {
    const authorize = up(line({ id: 2, method: 'mining.authorize', params: ['account.rig1', 'x'] }));
    const cells = mining(rowOfSaid([authorize, authorize, submit(3), submit(4), submit(5), submit(6)]));
    expect(cells).not.toHaveProperty('mining_submissions_per_hour');
    expect(cells['mining_authorisations_per_submission']).toBe(0.5);
    expect(mining(rowOfSaid([authorize]))).not.toHaveProperty('mining_authorisations_per_submission');
  });

  test('show at each interval what was said by then', () => {
    const { rows } = extractRows(capture, {
      activeTimeout: 0,
      emit: { end: true, prefixes: [4], intervalUs: 200e6 },
    });
    const counts = rows.map((row) => [row['row_kind'], row['mining_submissions']]);
    expect(counts[0]).toEqual(['prefix', 0]);
    expect(counts.at(-1)).toEqual(['end', 30]);
    const intervals = counts.filter(([kind]) => kind === 'interval').map(([, count]) => Number(count));
    expect(intervals.length).toBeGreaterThan(1);
    expect([...intervals].sort((a, b) => a - b)).toEqual(intervals);
  });
});

describe('what is given up', () => {
  /** A watch, and what it wants of payloads that a slot is shown. */
  function watching(mostBytes?: number) {
    const state = new FlowState();
    const packet = new Packet();
    packet.protocol = Protocol.Tcp;
    packet.tcpFlags = TcpFlag.Ack;
    const texts = { text: () => 'text', showAccount: () => 'account' };
    const watch = new MiningWatch(state, texts, mostBytes);
    const show = (slot: number, payload: Uint8Array, sequence: number) => {
      packet.view = new DataView(payload.slice().buffer);
      packet.payloadAt = 0;
      packet.payloadEnd = packet.payloadLength = payload.length;
      packet.sequence = sequence;
      return watch.payload(slot, 0, packet);
    };
    const open = (slot: number) => {
      state.start(slot, packet, slot, 0);
      watch.opened(slot);
    };
    return { watch, show, open };
  }

  test('a flow of other JSON is let go of after a few messages', () => {
    const { show, open } = watching();
    open(0);
    let sequence = 0;
    let shown = 0;
    const other = ascii('{"jsonrpc":"2.0","id":1,"method":"x"}\n');
    while (show(0, other, sequence)) {
      sequence += other.length;
      shown++;
    }
    expect(shown).toBe(MINING_LIMITS.strangers - 1);
  });

  test('one message without an end is let go of after some bytes', () => {
    const { show, open } = watching();
    open(0);
    const piece = ascii(`{"x":"${'x'.repeat(1394)}`);
    let sequence = 0;
    while (show(0, sequence === 0 ? piece : piece.slice(0).fill(120), sequence)) sequence += piece.length;
    expect(sequence).toBeLessThanOrEqual(MINING_LIMITS.strangeBytes);
  });

  test('beyond a bound the session that began first is given up with what it said, and counted', () => {
    const { watch, show, open } = watching(10 * MINING_LIMITS.sessionBytes);
    for (let slot = 0; slot < 12; slot++) {
      open(slot);
      show(slot, SUBSCRIBE.bytes, 0);
    }
    expect(watch.givenUp).toBe(2);
    expect([0, 11].map((slot) => watch.of(slot)?.minerMessages)).toEqual([1, 1]);
    expect(show(0, submit(2).bytes, SUBSCRIBE.bytes.length)).toBe(false);
    expect(show(11, submit(2).bytes, SUBSCRIBE.bytes.length)).toBe(true);
  });

  test('a slot that is used again says nothing of the flow before', () => {
    const { watch, show, open } = watching();
    open(0);
    show(0, SUBSCRIBE.bytes, 0);
    watch.closed(0);
    open(0);
    expect(watch.of(0)).toBeNull();
  });
});
