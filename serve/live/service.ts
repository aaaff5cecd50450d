/** The sidecar as the HTTP service sees it. */
import type { ModelCard } from '../../models/card.ts';
import type { FeedbackStore } from '../feedback/store.ts';
import type { ModelLease, Readiness, ReloadOutcome, SidecarService } from '../http/service.ts';
import type { VerdictRing } from '../http/verdict-ring.ts';
import type { ModelHolder } from './model-holder.ts';
import type { Status } from './status.ts';

export class Service implements SidecarService {
  readonly recent: VerdictRing;
  readonly feedback: FeedbackStore | null;
  readonly #holder: ModelHolder;
  readonly #status: Status;
  readonly reload: () => Promise<ReloadOutcome>;

  constructor(
    holder: ModelHolder,
    recent: VerdictRing,
    feedback: FeedbackStore | null,
    status: Status,
    reload: () => Promise<ReloadOutcome>,
  ) {
    this.#holder = holder;
    this.recent = recent;
    this.feedback = feedback;
    this.#status = status;
    this.reload = reload;
  }

  get card(): ModelCard {
    return this.#holder.card;
  }

  lease(): ModelLease {
    return this.#holder.lease();
  }

  readiness(): Readiness {
    return this.#status.readiness();
  }
}
