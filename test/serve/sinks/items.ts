/** Items, destinations and waiting for tests of sinks. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Alert, JudgedRows, SidecarRecord } from '../../../serve/live/items.ts';
import type { SinkCounters } from '../../../serve/live/sink.ts';
import type { BackOffTimes } from '../../../serve/sinks/back-off.ts';
import { bytesForm, type Destination } from '../../../serve/sinks/destination.ts';
import type { SinkContext } from '../../../serve/sinks/open-sink.ts';
import { benign, miningModel, scoredTable, tlsFlow } from '../../support/scored-rows.ts';

export const quick: BackOffTimes = { firstMs: 4, mostMs: 20 };
export const live: SinkContext = { sourceIsLive: true, backOff: quick };

/** Rows with these flow ids; the first is mining, the others are not. */
export function rowsOf(...ids: readonly number[]): JudgedRows {
  const rows = scoredTable(ids.map((id, i) => [{ ...tlsFlow, flow_id: id }, i === 0 ? {} : benign]));
  return { kind: 'rows', rows, model: miningModel };
}

export function alertOf(id: number, cells: object = {}): Alert {
  const rows = scoredTable([[{ ...tlsFlow, flow_id: id, ...cells }]]);
  return { kind: 'alert', rows, model: miningModel, reason: 'new', before: null, heldBack: 0 };
}

/** The cheapest item. */
export function recordOf(n: number): SidecarRecord {
  return { kind: 'record', record: 'status', time: '2026-02-03T04:05:06.000Z', body: { n } };
}

/** A folder that goes when the test is over. */
export function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'flowlamp-sinks-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

export function linesOf(path: string): Record<string, unknown>[] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));
}

/** Waits until it is so; a test that waits for ever fails by its own time. */
export async function until(isSo: () => boolean, ms = 5_000): Promise<void> {
  for (const end = performance.now() + ms; !isSo(); ) {
    if (performance.now() > end) throw new Error(`still not so after ${ms} ms: ${isSo}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/** What was accepted is somewhere. */
export function balance({ accepted, delivered, dropped, spilled, waiting }: SinkCounters): number {
  return accepted - delivered - dropped - spilled - waiting;
}

/** Takes `n` of records; what it does with a delivery is the test's. */
export class TestDestination implements Destination<Uint8Array> {
  readonly form = bytesForm('test/1');
  readonly received: number[] = [];
  encoded = 0;
  closed = 0;
  /** Called for each attempt, before it counts as delivered. */
  attempt: (numbers: readonly number[], signal: AbortSignal) => void | Promise<void> = () => undefined;

  encode(item: Parameters<Destination<Uint8Array>['encode']>[0]): Uint8Array | null {
    this.encoded++;
    if (item.kind !== 'record') return null;
    return Buffer.from(String(item.body['n']));
  }

  async send(payloads: readonly Uint8Array[], signal: AbortSignal): Promise<void> {
    const numbers = payloads.map((payload) => Number(Buffer.from(payload).toString()));
    await this.attempt(numbers, signal);
    this.received.push(...numbers);
  }

  async close(): Promise<void> {
    this.closed++;
  }
}

export function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}
