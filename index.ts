/**
 * The public API. Everything that users may rely on is named here and in train/index.ts, serve/index.ts and browser.ts;
 * docs/api.md shows it in use.
 *
 *     import { score } from 'flowlamp';
 *     for await (const flow of score('capture.pcap')) console.log(flow.dst_ip, flow.verdict, flow.score);
 */

export { copyTable } from './core/copy-table.ts';
export { ErrorCode, FlowlampError } from './core/errors.ts';
export { type Column, type ColumnSpec, ColumnType, type Finding, isNull, type Table } from './core/table.ts';
export type { CustomFeature } from './features/custom-feature.ts';
export type { CaptureSummary } from './features/extract.ts';
export type { ExtractOptions } from './features/extractor.ts';
export { type TableFormat, TableWriter } from './features/files/table-writer.ts';
export type { ExtractCounters } from './features/flow-extractor.ts';
export type { ArrowTable, FlowInput, FlowInputOptions, FlowRow } from './features/flow-input.ts';
export { extract, flows } from './features/flows.ts';
export { type Flow, type FlowValue, rowsOf, toJson } from './features/rows-of.ts';
export { COLUMNS, FEATURES, MODEL_INPUTS } from './features/vector/schema.ts';
export type { FeatureSpec } from './features/vector/spec.ts';
export type { ModelCard } from './models/card.ts';
export { listShippedModels, loadModelFolder } from './models/folder.ts';
export { DEFAULT_MODEL, type Runtime, Scorer } from './serve/engine.ts';
export {
  loadModel,
  type Model,
  type ModelOptions,
  type ScoredFlow,
  type ScoreOptions,
  score,
  scoreTables,
} from './serve/model.ts';
export type { Verdict } from './serve/verdict.ts';
