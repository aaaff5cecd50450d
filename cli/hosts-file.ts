/** `--hosts FILE`: the per-host view of all flows that were scored. */
import { resolve } from 'node:path';
import { ErrorCode, FlowlampError } from '../core/errors.ts';
import type { Table } from '../core/table.ts';
import { TableWriter } from '../features/files/table-writer.ts';
import { HostView } from '../serve/hosts/host-view.ts';
import type { ModelFacts } from '../serve/records/row.ts';
import { counted, grouped } from './numbers.ts';
import { formatFor, outputPath } from './outputs.ts';

export interface HostsOptions {
  readonly hosts?: string;
  readonly timeZone?: string;
}

export class HostsFile {
  readonly #path: string;
  readonly #view: HostView;
  readonly #writer: TableWriter;
  #written = 0;

  private constructor(path: string, view: HostView, writer: TableWriter) {
    this.#path = path;
    this.#view = view;
    this.#writer = writer;
  }

  /**
   * Opens the file before any work is done, as other outputs are.
   *
   * @throws FlowlampError OUTPUT_UNWRITABLE, FORMAT_UNKNOWN
   */
  static async open(path: string, { timeZone }: HostsOptions, model: ModelFacts): Promise<HostsFile> {
    const view = new HostView(model, timeZone === undefined ? {} : { timeZone });
    const format = formatFor(path, undefined) ?? 'jsonl';
    return new HostsFile(path, view, await TableWriter.open(path, format, view.snapshot().specs));
  }

  /** Takes scored rows. */
  add(table: Table): void {
    this.#view.add(table);
  }

  finish(): void {
    const hosts = this.#view.snapshot();
    this.#writer.write(hosts);
    this.#writer.finish();
    this.#written = hosts.length;
  }

  abandon(): void {
    this.#writer.abandon();
  }

  /** What was written, and what is not in it. */
  notes(): string[] {
    const { clients, pairs, rows, watched, leftOut } = this.#view.counters;
    const dropped = clients + pairs;
    return [
      `${counted(this.#written, 'row')} of clients and pairs in ${this.#path}`,
      ...(dropped === 0
        ? []
        : [
            `no room for all hosts: ${grouped(clients)} clients (${counted(rows, 'flow')}) and ${grouped(pairs)} pairs of least risk given up`,
          ]),
      ...(watched === 0
        ? []
        : [
            `no room to watch all hosts: ${grouped(watched)} were given up for scans, reconnects or pushes that come together`,
          ]),
      ...(leftOut === 0
        ? []
        : [`${counted(leftOut, 'row')} of flows that go on, or without addresses, not counted for hosts`]),
    ];
  }
}

/**
 * The file of `--hosts`, null without it.
 *
 * @throws FlowlampError OPTION_INVALID where verdicts go to the same place
 */
export function hostsPath({ hosts, output }: HostsOptions & { readonly output?: string }): string | null {
  if (hosts === undefined) return null;
  const [path, verdicts] = [outputPath(hosts), outputPath(output)];
  if (path !== null) formatFor(path, undefined);
  if (path !== null && (verdicts === null || resolve(path) !== resolve(verdicts))) return path;
  throw new FlowlampError(ErrorCode.OptionInvalid, {
    happened: path === null ? '--hosts would go to standard output' : '--hosts and -o name the same file',
    expected: 'a file of its own for hosts',
    action: 'choose another name for --hosts',
  });
}
