/**
 * `flowlamp/browser`: what needs nothing of Node. Parsers, features and the tree kernel, from bytes to verdicts; digests and
 * ciphers are handed in, since those of Web Crypto answer only later (docs/api.md).
 *
 *     import { openModel, plainDigests } from 'flowlamp/browser';
 *     const model = await openModel({ card, onnx }, { crypto: plainDigests, evidence: { pools, hostNames } });
 *     for await (const flow of model.score(bytes)) console.log(flow.dst_ip, flow.verdict, flow.score);
 */
export type { Ciphers } from './core/ciphers.ts';
export { copyTable } from './core/copy-table.ts';
export type { Digests } from './core/digest.ts';
export { ErrorCode, FlowlampError } from './core/errors.ts';
export { type Column, type ColumnSpec, ColumnType, type Finding, isNull, type Table } from './core/table.ts';
export { type BrowserExtractOptions, type CaptureBytes, extract } from './features/browser-extract.ts';
export { plainDigests } from './features/digests-plain.ts';
export type { CaptureSummary } from './features/extract.ts';
export type { ExtractOptions } from './features/extractor.ts';
export type { ExtractCounters } from './features/flow-extractor.ts';
export { type Flow, type FlowValue, rowsOf, toJson } from './features/rows-of.ts';
export { COLUMNS, FEATURES, MODEL_INPUTS } from './features/vector/schema.ts';
export type { FeatureSpec } from './features/vector/spec.ts';
export type { ModelCard } from './models/card.ts';
export type { ModelSession, OpenSession, SessionOptions } from './models/session.ts';
export { BrowserModel, type BrowserModelOptions, type ModelBytes, openModel } from './serve/browser-model.ts';
export type { ScoredFlow } from './serve/model.ts';
export type { Verdict } from './serve/verdict.ts';
