/** A sidecar without packets: a real model, a ring that a test fills, and whatever health it is told to have. */
import { ErrorCode, FlowlampError } from '../../../core/errors.ts';
import { type LiveScorer, Scorer } from '../../../serve/engine.ts';
import type { FeedbackStore } from '../../../serve/feedback/store.ts';
import type { ModelLease, Readiness, ReloadOutcome, SidecarService } from '../../../serve/http/service.ts';
import { type RingOptions, VerdictRing } from '../../../serve/http/verdict-ring.ts';
import type { JudgedRows } from '../../../serve/live/items.ts';
import { benign, miningModel, scoredTable, tlsFlow, verdictOf } from '../../support/scored-rows.ts';

interface Held {
  readonly scorer: Scorer;
  readonly live: LiveScorer;
  leases: number;
  isOld: boolean;
}

export interface MemoryOptions {
  readonly ring?: RingOptions;
  readonly feedback?: FeedbackStore | null;
  readonly openModel?: () => Promise<Scorer>;
}

export class MemoryService implements SidecarService {
  readonly recent: VerdictRing;
  readonly feedback: FeedbackStore | null;
  openModel: () => Promise<Scorer>;
  health: Readiness = { source: 'running', isModelLoaded: true, sinks: [] };
  #held: Held | null = null;

  private constructor({ ring, feedback = null, openModel = () => Scorer.open('mining') }: MemoryOptions) {
    this.recent = new VerdictRing(ring);
    this.feedback = feedback;
    this.openModel = openModel;
  }

  static async open(options: MemoryOptions = {}): Promise<MemoryService> {
    const service = new MemoryService(options);
    await service.reload();
    return service;
  }

  get card() {
    return this.#held?.scorer.card ?? null;
  }

  /** Requests that hold the model now. */
  get leases(): number {
    return this.#held?.leases ?? 0;
  }

  lease(): ModelLease {
    const held = this.#held;
    if (held === null) throw new FlowlampError(ErrorCode.ModelNotFound, WORDS);
    held.leases++;
    return {
      card: held.scorer.card,
      submit: (name, specs, table) => held.live.submit(name, specs, table),
      release: () => {
        held.leases--;
        retire(held);
      },
    };
  }

  async reload(): Promise<ReloadOutcome> {
    const before = this.#name();
    try {
      const scorer = await this.openModel();
      const old = this.#held;
      this.#held = { scorer, live: scorer.live(), leases: 0, isOld: false };
      if (old !== null) {
        old.isOld = true;
        retire(old);
      }
      return { isReplaced: true, before, after: this.#name()! };
    } catch (cause) {
      const { code, message } = cause as FlowlampError;
      return { isReplaced: false, code, reason: message, kept: before };
    }
  }

  readiness(): Readiness {
    return this.health;
  }

  async close(): Promise<void> {
    await this.#held?.live.close();
    await this.#held?.scorer.close();
  }

  #name(): string | null {
    return this.card === null ? null : `${this.card.name}@${this.card.version}`;
  }
}

function retire(held: Held): void {
  if (!held.isOld || held.leases > 0) return;
  void held.live.close().then(() => held.scorer.close());
}

const WORDS = { happened: 'no model is loaded', expected: 'one', action: 'load one' };

/** Rows as the sidecar judges them; every third is mining. */
export function judgedRows(count: number, from = 0, more: Readonly<Record<string, unknown>> = {}): JudgedRows {
  const rows = Array.from({ length: count }, (_, i) => {
    const n = from + i;
    const cells = { ...tlsFlow, flow_id: 1_000 + n, src_ip: `10.0.${(n >> 8) & 255}.${n & 255}`, ...more };
    return [cells, n % 3 === 0 ? verdictOf() : verdictOf(benign)] as const;
  });
  return { kind: 'rows', rows: scoredTable(rows), model: miningModel };
}
