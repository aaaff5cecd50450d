/**
 * The sidecar: packets of a source to verdicts, and those to sinks, alerts, and whoever asks over HTTP. It never waits for a sink, and
 * what it loses it counts. Stopped, it judges every flow that lives and lets the sinks deliver.
 */
import { assertNever } from '../../core/errors.ts';
import { Row } from '../records/row.ts';
import { AlertDesk } from '../alerts/alert-desk.ts';
import { VerdictHistory } from '../alerts/verdict-history.ts';
import { AlertBudget } from '../budget/alert-budget.ts';
import type { SidecarConfig } from '../config/config.ts';
import { DriftWatch } from '../drift/drift-watch.ts';
import { FeedbackFile } from '../feedback/store.ts';
import { type RunningHttpServer, startHttpServer } from '../http/server.ts';
import type { ModelLease, Readiness, ReloadOutcome, SidecarService } from '../http/service.ts';
import { VerdictRing } from '../http/verdict-ring.ts';
import { EvidenceFolder } from '../keep/evidence-folder.ts';
import { keepRequestOf } from '../keep/keep-request.ts';
import type { Log } from '../log.ts';
import { Metrics } from '../metrics/metrics.ts';
import type { MetricsSnapshot } from '../metrics/snapshot.ts';
import type { OpenSink } from '../sinks/delivering-sink.ts';
import { openSinks } from '../sinks/open-sink.ts';
import { Ingest, type IngestHandlers } from './ingest/ingest.ts';
import type { IngestCounters } from './ingest/messages.ts';
import type { Alert, Item, SidecarRecord } from './items.ts';
import { Judge } from './judge.ts';
import { ModelHolder } from './model-holder.ts';
import { alertOptions, finderOpener, flowOptions, httpConfig, isLiveSource, keeperOptions, nameOfSource } from './settings.ts';
import type { SourceNews } from './source.ts';
import { readState, writeState } from './state-file.ts';
