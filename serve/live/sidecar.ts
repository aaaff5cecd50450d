/**
 * The sidecar: packets of a source to verdicts, and those to sinks, alerts, and whoever asks over HTTP. It never waits for a sink
 * while packets cannot wait for it, and what it loses it counts. Stopped, it judges every flow that lives and lets the sinks deliver.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { Table } from '../../core/table.ts';
import { AlertDesk } from '../alerts/alert-desk.ts';
import { VerdictHistory } from '../alerts/verdict-history.ts';
import { AlertBudget } from '../budget/alert-budget.ts';
import type { SidecarConfig } from '../config/config.ts';
import { DriftWatch } from '../drift/drift-watch.ts';
import { FeedbackFile } from '../feedback/store.ts';
import { type RunningHttpServer, startHttpServer } from '../http/server.ts';
import type { ReloadOutcome } from '../http/service.ts';
import { VerdictRing } from '../http/verdict-ring.ts';
import { EvidenceFolder } from '../keep/evidence-folder.ts';
import { keepRequestOf } from '../keep/keep-request.ts';
import type { Log } from '../log.ts';
import { Metrics } from '../metrics/metrics.ts';
import { Row } from '../records/row.ts';
import { type CustomSink, CustomSinkGuard } from '../sinks/custom-sink.ts';
import type { OpenSink } from '../sinks/delivering-sink.ts';
import { openSinks } from '../sinks/open-sink.ts';
import { Delivery } from './delivery.ts';
import { type HostRecordOptions, HostRecords } from './host-records.ts';
import { Ingest, type IngestHandlers } from './ingest/ingest.ts';
import type { Alert } from './items.ts';
import { Judge } from './judge.ts';
import { ModelHolder } from './model-holder.ts';
import { Service } from './service.ts';
import {
  budgetOptions,
  cannotWait,
  deskOptions,
  finderOpener,
  flowOptions,
  httpConfig,
  isEndless,
  keeperOptions,
  nameOfSource,
} from './settings.ts';
import { SinkWatch } from './sink-watch.ts';
import { readState, writeState } from './state-file.ts';
import { Status } from './status.ts';

const DEFAULT_DRAIN_SECONDS = 10;
const DEFAULT_STATUS_SECONDS = 60;
/** How often what has to outlast a restart is written down. */
const STATE_MS = 300_000;
/** After the thread of packets broke it is started again, after ever longer, ms. */
const FIRST_RESTART_MS = 1_000;
const LAST_RESTART_MS = 60_000;
/** One that ran for so long before it broke is started again as the first time, ms. */
const HEALTHY_MS = 600_000;
/** How often sinks are asked whether they are in trouble, ms. */
const SINK_LOOK_MS = 1_000;

export interface SidecarContext {
  readonly log: Log;
  /** Of the program, for documents. */
  readonly version: string;
  /** Of the program around it, beside those of the configuration: drained and closed with it. */
  readonly sinks?: readonly CustomSink[];
}

/** All that a sidecar is made of, open. */
interface Parts {
  readonly config: SidecarConfig;
  readonly log: Log;
  readonly holder: ModelHolder;
  readonly history: VerdictHistory;
  readonly budget: AlertBudget;
  readonly desk: AlertDesk;
  readonly drift: DriftWatch;
  readonly hosts: HostRecords | null;
  readonly judge: Judge;
  readonly sinks: readonly OpenSink[];
  readonly delivery: Delivery;
  readonly sinkWatch: SinkWatch;
  readonly ring: VerdictRing;
  readonly feedback: FeedbackFile | null;
  readonly folder: EvidenceFolder | null;
  readonly status: Status;
  readonly metrics: Metrics | null;
}

export class Sidecar {
  readonly #parts: Parts;
  #server: RunningHttpServer | null = null;
  #ingest: Ingest | null = null;
  readonly #stopping = new AbortController();
  #isSettled = false;
  #timers: readonly NodeJS.Timeout[] = [];

  /** As it is now: what says which rows are alerts may change while it runs. */
  #config: SidecarConfig;

  private constructor(parts: Parts) {
    this.#parts = parts;
    this.#config = parts.config;
  }

  /**
   * Opens everything but the source; what cannot be opened is said before anything has begun.
   *
   * @throws FlowlampError
   */
  static async open(config: SidecarConfig, { log, version, sinks: own = [] }: SidecarContext): Promise<Sidecar> {
    const http = httpConfig(config);
    const holder = await ModelHolder.open(config.model ?? 'mining', finderOpener(config, log));
    const opened: { close(): Promise<void> }[] = [holder];
    try {
      const state = config.state === undefined ? {} : readState(config.state);
      const budget = new AlertBudget(budgetOptions(config, holder.card));
      budget.restore(state['budget']);
      const drift = new DriftWatch(driftOptions(config, holder));
      drift.restore(state['drift']);
      const history = new VerdictHistory();
      const desk = new AlertDesk(deskOptions(config), budget);
      const hosts = hostRecords(config, holder);
      const judge = new Judge({ holder, history, desk, drift, hosts });
      const sourceIsLive = cannotWait(config.source);
      const sinks = await openSinks(config.sinks ?? [], { sourceIsLive, taken: own });
      opened.push(...sinks);
      sinks.push(...own.map((sink) => new CustomSinkGuard(sink, { sourceIsLive })));
      const feedback = config.feedback === undefined ? null : await FeedbackFile.open(config.feedback);
      if (feedback !== null) opened.push(feedback);
      const { evidence } = config;
      const folder =
        evidence === undefined
          ? null
          : await EvidenceFolder.open({
              folder: evidence.folder,
              ...(evidence.bytes === undefined ? {} : { maxBytes: evidence.bytes }),
            });
      if (folder !== null) opened.push(folder);
      const ring = new VerdictRing();
      const delivery = new Delivery(sinks, (config.drainSeconds ?? DEFAULT_DRAIN_SECONDS) * 1_000);
      const sinkWatch = new SinkWatch(sinks, log);
      const status = new Status({ judge, desk, drift, history, hosts, holder, sinks, folder });
      const metrics = http === null ? null : await Metrics.open(() => status.snapshot());
      const parts: Parts = {
        config,
        log,
        holder,
        history,
        budget,
        desk,
        drift,
        hosts,
        judge,
        sinks,
        delivery,
        sinkWatch,
        ring,
        feedback,
        folder,
        status,
        metrics,
      };
      const sidecar = new Sidecar(parts);
      if (http !== null) {
        const service = new Service(holder, ring, feedback, status, () => sidecar.reload());
        sidecar.#server = await startHttpServer(http, service, metrics, { log, version });
        log.info({ url: sidecar.#server.url }, 'HTTP service listens');
      }
      return sidecar;
    } catch (error) {
      await Promise.allSettled(opened.map((part) => part.close()));
      throw error;
    }
  }

  /** Where the HTTP service listens, null where there is none. */
  get url(): string | null {
    return this.#server?.url ?? null;
  }

  /**
   * Runs until the source is over or `stop` is called, then drains and closes everything.
   *
   * @throws FlowlampError where the source cannot be had at all
   */
  async run(): Promise<void> {
    const { status } = this.#parts;
    this.#timers = this.#startTimers();
    try {
      await this.#read();
    } catch (error) {
      status.sourceState = 'failed';
      throw error;
    } finally {
      await this.#close();
    }
  }

  /** No more packets are taken; `run` settles when all that were taken are judged and told. */
  stop(): void {
    if (this.#stopping.signal.aborted) return;
    this.#stopping.abort();
    this.#ingest?.stop();
    this.#parts.delivery.stop();
  }

  /** Reads the rules, and the model with its lists, again. Of each, what fails its check changes nothing. Never throws. */
  async reload(fresh: SidecarConfig = this.#config): Promise<ReloadOutcome> {
    const { holder, desk, budget, drift, hosts, log } = this.#parts;
    const config = { ...this.#config, ...thresholdsOf(fresh) };
    try {
      desk.reconfigure(deskOptions(config));
      this.#config = config;
    } catch (error) {
      log.error({ reason: (error as Error).message }, 'suppression rules could not be read, the old ones go on');
    }
    const outcome = await holder.reload();
    if (outcome.isReplaced) log.info({ model: outcome.after }, 'the model and its lists were read again');
    else log.error({ reason: outcome.reason, kept: outcome.kept }, 'reload failed, the old model goes on');
    // Of the model that judges now, whichever that is: thresholds may have changed all the same.
    budget.reconfigure(budgetOptions(this.#config, holder.card));
    drift.reconfigure(driftOptions(this.#config, holder));
    hosts?.reconfigure(holder.card, hostOptions(this.#config));
    return outcome;
  }

  /** Opens files of lines anew: somebody else has moved them. */
  reopen(): void {
    for (const sink of this.#parts.sinks) sink.reopen();
  }

  /** Reads the source to its end; a thread that breaks is started again, where the source has no end. */
  async #read(): Promise<void> {
    const { config, status, log } = this.#parts;
    let restartMs = FIRST_RESTART_MS;
    for (;;) {
      const settings = {
        source: config.source,
        name: nameOfSource(config.source),
        flows: flowOptions(config),
        keep: keeperOptions(config),
      };
      const ingest = new Ingest(settings, this.#handlers());
      this.#ingest = ingest;
      if (this.#stopping.signal.aborted) ingest.stop();
      const beganMs = performance.now();
      status.sourceState = 'running';
      try {
        await ingest.done;
        status.sourceState = 'ended';
        return;
      } catch (error) {
        await ingest.terminate();
        if (!isEndless(config.source) || this.#stopping.signal.aborted || !ingest.hasRun) throw error;
        status.beginAnew();
        status.sourceState = 'failed';
        if (performance.now() - beganMs > HEALTHY_MS) restartMs = FIRST_RESTART_MS;
        log.error(
          { error: (error as Error).message, againInMs: restartMs },
          'the thread of packets broke; flows are lost',
        );
        await this.#pause(restartMs);
        restartMs = Math.min(2 * restartMs, LAST_RESTART_MS);
      }
    }
  }

  async #pause(ms: number): Promise<void> {
    const { signal } = this.#stopping;
    await pause(ms, undefined, { signal }).catch(() => undefined);
  }

  #handlers(): IngestHandlers {
    const { config, log, status, folder, delivery } = this.#parts;
    return {
      rows: (table, readAtMs) => this.#take(table, readAtMs),
      news: ({ level, text }) => log[level]({}, text),
      counters: (counters) => {
        status.ingest = counters;
      },
      bundle: (bundle) => folder?.store(bundle),
      // One that failed and has no end is begun again.
      ending: (hasFailed) => {
        if (!hasFailed || !isEndless(config.source)) delivery.end();
      },
      over: () => this.#settle(),
    };
  }

  async #take(table: Table, readAtMs: number): Promise<void> {
    const { judge, metrics, ring, delivery } = this.#parts;
    const { rows, alerts, items, scoredMs } = await judge.take(table);
    if (this.#server !== null) ring.push(rows);
    for (const alert of alerts) this.#alarm(alert);
    const offered = delivery.offer(items);
    metrics?.observeScore(scoredMs / 1_000);
    metrics?.observeLatency((Date.now() - readAtMs) / 1_000, table.length);
    await offered;
    await delivery.letWork(table.length);
  }

  #alarm(alert: Alert): void {
    const { ring, folder } = this.#parts;
    if (this.#server !== null) ring.push(alert);
    if (folder === null) return;
    const request = keepRequestOf(new Row(alert.rows, 0));
    if (request !== null) this.#ingest?.keep(request.flow, request.facts);
  }

  /** All rows are judged: what is left to say is said, and the sinks deliver. */
  async #settle(): Promise<void> {
    const { judge, status, config, delivery } = this.#parts;
    this.#isSettled = true;
    await delivery.offer(judge.finish());
    if (config.statusSeconds !== 0 && status.snapshot().packets > 0) await delivery.offer([status.record()]);
    await delivery.drain();
    for (const timer of this.#timers) clearInterval(timer);
  }

  async #close(): Promise<void> {
    const { sinks, sinkWatch, holder, feedback, folder, log, status } = this.#parts;
    if (!this.#isSettled) await this.#settle();
    sinkWatch.finish();
    const closings = [
      () => this.#server?.close(),
      () => Promise.all(sinks.map((sink) => sink.close())),
      () => folder?.drain(),
      () => folder?.close(),
      () => feedback?.close(),
      () => this.#remember(),
      () => holder.close(),
    ];
    for (const close of closings) {
      try {
        await close();
      } catch (error) {
        // The others are closed all the same.
        log.error({ error: (error as Error).message }, 'closing failed');
      }
    }
    log.info(status.summary(), 'stopped');
  }

  #startTimers(): NodeJS.Timeout[] {
    const { config, status, log, delivery, sinkWatch } = this.#parts;
    const { statusSeconds = DEFAULT_STATUS_SECONDS } = config;
    const timers = [setInterval(() => this.#remember(), STATE_MS), setInterval(() => sinkWatch.look(), SINK_LOOK_MS)];
    if (statusSeconds > 0) {
      const tell = () => {
        // Sinks that are being drained take nothing more.
        if (!this.#isSettled) void delivery.offer([status.record()]);
        log.info(status.summary(), 'status');
      };
      timers.push(setInterval(tell, statusSeconds * 1_000));
    }
    for (const timer of timers) timer.unref();
    return timers;
  }

  #remember(): void {
    const { config, budget, drift, log } = this.#parts;
    if (config.state === undefined) return;
    try {
      writeState(config.state, { version: 1, budget: budget.toJSON(), drift: drift.toJSON() });
    } catch (error) {
      log.warn({ error: (error as Error).message }, 'what is to outlast a restart was not written');
    }
  }
}

/** What a reload takes from a configuration that was read again; the rest needs a restart. */
function thresholdsOf({ alerts = {}, driftSeconds, hostSeconds }: SidecarConfig): Partial<SidecarConfig> {
  return {
    alerts,
    ...(driftSeconds === undefined ? {} : { driftSeconds }),
    ...(hostSeconds === undefined ? {} : { hostSeconds }),
  };
}

function driftOptions({ driftSeconds }: SidecarConfig, { card }: ModelHolder) {
  return { card, ...(driftSeconds === undefined ? {} : { windowSeconds: driftSeconds }) };
}

function hostRecords(config: SidecarConfig, { card }: ModelHolder): HostRecords | null {
  return config.hostSeconds === 0 ? null : new HostRecords(card, hostOptions(config));
}

function hostOptions({ hostSeconds }: SidecarConfig): HostRecordOptions {
  return hostSeconds === undefined || hostSeconds === 0 ? {} : { everySeconds: hostSeconds };
}
