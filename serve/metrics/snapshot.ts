/** What the sidecar counts anyway, as it stands at the moment of a scrape. */
import type { AlertReason } from '../live/items.ts';
import type { SinkCounters } from '../live/sink.ts';

export interface MetricsSnapshot {
  /** Packets that were decoded, and bytes of captures that were read. */
  readonly packets: number;
  readonly bytes: number;
  /** Null where nobody tells. */
  readonly captureDrops: number | null;
  readonly sourceRestarts: number;
  /** Frames that belong to no flow, by reason (ExtractCounters.drops). */
  readonly decodeDrops: Readonly<Record<string, number>>;
  /** Flows held now. */
  readonly liveFlows: number;
  /** Rows judged, by verdict. */
  readonly scored: Readonly<Record<string, number>>;
  /** Rows judged, by kind. */
  readonly rows: Readonly<Record<string, number>>;
  readonly sinks: readonly { readonly name: string; readonly counters: SinkCounters }[];
  readonly alerts: Readonly<Partial<Record<AlertReason, number>>>;
  readonly alertsHeldBack: number;
  /** Share of rows of late that the model abstained from; null before there are any. */
  readonly unknownRatio: number | null;
  /** Null before there is enough to compare. */
  readonly drift: { readonly maxPsi: number; readonly meanPsi: number; readonly scorePsi: number } | null;
  /** Null while there is none. */
  readonly model: { readonly name: string; readonly version: string } | null;
}
