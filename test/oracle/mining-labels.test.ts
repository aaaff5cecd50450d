/**
 * The mining witness against labels of recorded captures: every flow that carries a mining message is found, in its
 * dialect, and no other flow is. Prints the figures of docs/results.md.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Table } from '../../core/table.ts';
import { extractCapture } from '../../features/extract.ts';
import { rowsOf } from '../../features/rows-of.ts';
import { MINING } from '../../features/vector/mining.ts';
import { protocolEvidence } from '../../serve/evidence/protocol.ts';
import { hasSharedData, sharedPath } from '../support/shared-data.ts';

/** What flows.csv calls a dialect, in the names of `mining_dialect`. */
const DIALECTS: Readonly<Record<string, readonly string[]>> = {
  'stratum-v1': ['stratum-v1'],
  'getwork/gbt(HTTP json-rpc)': ['getwork', 'getblocktemplate'],
  // The labels do not tell what the messages came in.
  ethproxy: ['ethproxy', 'eth-getwork'],
  'cryptonote-jsonrpc': ['cryptonote'],
};
const CAPTURE = /\.(pcap|pcapng|cap)(\.gz)?$/;
const COLUMNS = [...Object.keys(MINING), 'src_ip', 'src_port', 'dst_ip', 'dst_port', 'protocol', 'duration_us'];

interface Seen {
  readonly path: string;
  readonly ends: string;
  readonly isTcp: boolean;
  readonly dialect: string | null;
  readonly isProven: boolean;
  readonly findings: number;
  /** Payload packets, and microseconds from the first packet, until there is proof. */
  readonly provenPackets: number;
  readonly provenUs: number;
}

/** All flows of a capture, without timeouts: one row for each connection. */
async function flowsOf(path: string): Promise<Seen[]> {
  const seen: Seen[] = [];
  const receive = (batch: Table) => {
    rowsOf(batch).forEach((row, i) => {
      seen.push({
        path,
        ends: endsText(`${row['src_ip']}:${row['src_port']}`, `${row['dst_ip']}:${row['dst_port']}`),
        isTcp: row['protocol'] === 'tcp',
        dialect: row['mining_dialect'] as string | null,
        isProven: row['mining_proven'] === true,
        findings: protocolEvidence.find(batch, i).length,
        provenPackets: Number(row['mining_proven_packets']),
        provenUs: Number(row['mining_proven_us']),
      });
    });
  };
  await extractCapture(path, receive, { idleTimeout: 0, activeTimeout: 0, columns: COLUMNS });
  return seen;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1]!;
}

const endsText = (one: string, other: string) => [one, other].sort().join(' ');

interface Label {
  readonly path: string;
  readonly ends: string;
  readonly dialect: string;
}

/** The labels of flows whose payload is there. */
function labels(): Label[] {
  const [head = '', ...lines] = readFileSync(sharedPath('labelled/mining/flows.csv'), 'utf8').trim().split('\n');
  const names = head.split(',');
  return lines.flatMap((text) => {
    const cells = text.split(',');
    const cell = (name: string) => cells[names.indexOf(name)]!;
    if (cell('encrypted') !== 'plain') return [];
    const path = resolve(sharedPath('labelled/mining'), cell('file'));
    return [{ path, ends: endsText(cell('endpoint_a'), cell('endpoint_b')), dialect: cell('dialect') }];
  });
}

function captures(folder: string): string[] {
  const names = readdirSync(sharedPath(folder), { recursive: true, encoding: 'utf8' });
  return names.filter((name) => CAPTURE.test(name)).map((name) => resolve(sharedPath(folder), name));
}

describe.skipIf(!hasSharedData)('recorded captures (skipped without ../shared/data)', () => {
  const all = new Map<string, Seen[]>();
  let truth: Label[] = [];

  beforeAll(async () => {
    truth = labels();
    for (const path of ['labelled', 'oracle', 'robustness'].flatMap(captures)) {
      all.set(path, await flowsOf(path));
    }
  }, 300_000);

  test('every labelled flow is found, in its dialect', () => {
    const judged = truth.map(({ path, ends, dialect }) => {
      const found = all.get(path)!.filter((flow) => flow.ends === ends && flow.dialect !== null);
      return {
        dialect,
        isFound: found.length > 0,
        isRight: found.some((flow) => DIALECTS[dialect]!.includes(flow.dialect!)),
        proven: found.find(({ isProven }) => isProven),
        hasFinding: found.some(({ findings }) => findings > 0),
      };
    });
    for (const dialect of Object.keys(DIALECTS)) {
      const own = judged.filter((one) => one.dialect === dialect);
      const count = (what: 'isFound' | 'isRight' | 'proven') => own.filter((one) => one[what]).length;
      const proven = own.flatMap((one) => one.proven ?? []);
      const packets = median(proven.map(({ provenPackets }) => provenPackets));
      const seconds = (median(proven.map(({ provenUs }) => provenUs)) / 1e6).toFixed(2);
      const cells = [dialect, own.length, count('isFound'), count('isRight'), count('proven'), packets, seconds];
      console.info(`| ${cells.join(' | ')} |`);
    }
    expect(judged).toHaveLength(1882);
    expect(judged.filter(({ isRight, hasFinding }) => !isRight || !hasFinding)).toEqual([]);
  });

  test('no other flow is', () => {
    const labelled = new Set(truth.map(({ path, ends }) => `${path} ${ends}`));
    const others = [...all.values()].flat().filter(({ path, ends }) => !labelled.has(`${path} ${ends}`));
    const tcp = others.filter(({ isTcp }) => isTcp).length;
    console.info(`${others.length} other flows, ${tcp} of them TCP, of ${all.size} captures`);
    expect(others.filter(({ dialect, findings }) => dialect !== null || findings > 0)).toEqual([]);
    expect(others.length).toBeGreaterThan(24_000);
  });
});
