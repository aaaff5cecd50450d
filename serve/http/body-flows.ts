/** From the bytes of a capture that was posted to blocks of flows. */
import type { Damage } from '../../features/capture/decoder.ts';
import { CaptureReader } from '../../features/capture/reader.ts';
import { nodeDigests } from '../../features/digests-node.ts';
import { type BlockSink, FlowExtractor } from '../../features/flow-extractor.ts';
import { FIXED_LIMITS } from './limits.ts';

export class BodyFlows {
  readonly #flows: FlowExtractor;
  readonly #reader: CaptureReader;

  /** @param name what to call the capture in errors */
  constructor(name: string, sink: BlockSink) {
    this.#flows = new FlowExtractor(nodeDigests, sink, { maxFlows: FIXED_LIMITS.captureFlows });
    this.#reader = new CaptureReader(name, this.#flows);
  }

  /** @throws FlowlampError NOT_A_CAPTURE */
  write(piece: Uint8Array): void {
    this.#reader.write(piece);
  }

  /** @throws FlowlampError NOT_A_CAPTURE, FILE_EMPTY */
  finish(): Damage {
    const { damage } = this.#reader.finish();
    this.#flows.finish();
    return damage;
  }
}
