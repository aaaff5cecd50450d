/**
 * The public API. Everything that users may rely on is named here.
 *
 *     import { extractCapture, rowsOf, Scorer } from 'flowlamp';
 */
export { ErrorCode, FlowlampError } from './core/errors.ts';
export { type Column, type ColumnSpec, ColumnType, copyTable, type Finding, isNull, type Table } from './core/table.ts';
export { type CaptureSummary, extractCapture } from './features/extract.ts';
export { type ExtractOptions, Extractor } from './features/extractor.ts';
export { type TableFormat, TableWriter } from './features/files/table-writer.ts';
export type { ExtractCounters } from './features/flow-extractor.ts';
export { type Flow, flows, rowsOf } from './features/flows.ts';
export { COLUMNS, FEATURES, MODEL_INPUTS } from './features/vector/schema.ts';
export type { FeatureSpec } from './features/vector/spec.ts';
export type { ModelCard } from './models/card.ts';
export { listShippedModels, loadModelFolder } from './models/folder.ts';
export { DEFAULT_MODEL, type Runtime, Scorer } from './serve/engine.ts';
export type { Verdict } from './serve/verdict.ts';
