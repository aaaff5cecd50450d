/** The thread behind ingest.ts: runs the source and follows its flows, and hands them over in blocks of shared memory. */
import { parentPort, workerData } from 'node:worker_threads';
import { FlowlampError } from '../../../core/errors.ts';
import type { FrameSink } from '../../../features/capture/packet-sink.ts';
import { nodeDigests } from '../../../features/digests-node.ts';
import { SharedBlocks } from '../../../features/flow/shared-blocks.ts';
import { FlowExtractor } from '../../../features/flow-extractor.ts';
import { PacketKeeper } from '../../keep/packet-keeper.ts';
import { openSource } from '../../sources/open-source.ts';
import { heapSize } from '../memory.ts';
import type { SourceNews } from '../source.ts';
import { Ingester } from './ingester.ts';
import {
  EARLY_BLOCKS,
  INGEST_BLOCKS,
  type IngestCounters,
  type IngestData,
  type IngestOrder,
  type IngestReport,
} from './messages.ts';

/** How often flows are handed on, ms: what a verdict waits for at most before the model sees it. */
const TICK_MS = 5;
const COUNTERS_MS = 1_000;

const { source: config, flows, keep, blocks: memory, credits } = workerData as IngestData;
const port = parentPort!;
const stopping = new AbortController();
let tellJudged: () => void = () => undefined;
const judged = new Promise<void>((resolve) => {
  tellJudged = resolve;
});
/** All flows have been handed on. */
let hasFinished = false;
/** When the first bytes since the last tick were read; null where none were. */
let readAtMs: number | null = null;

// Where the judge is behind, reading stops: what a live source then loses, the kernel counts.
const blocks = new SharedBlocks(memory, credits, (block, count) =>
  post({ kind: 'flows', block, flows: count, readAtMs: readAtMs ?? Date.now() }),
);
const extractor = new FlowExtractor(nodeDigests, blocks, flows);
const tell = (news: SourceNews) => post({ kind: 'news', news });
const keeper =
  keep === null
    ? null
    : new PacketKeeper(
        (bundle) => port.postMessage({ kind: 'bundle', bundle } satisfies IngestReport, [bundle.bytes.buffer]),
        {
          ...keep,
          ...(flows.idleTimeout === undefined ? {} : { idleTimeout: flows.idleTimeout }),
        },
      );
const frames: FrameSink =
  keeper === null
    ? extractor
    : {
        frame(view, at, end, wireLength, us, ns, linkType) {
          keeper.frame(view, at, end, wireLength, us, ns, linkType);
          extractor.frame(view, at, end, wireLength, us, ns, linkType);
        },
      };
const ingester = new Ingester(extractor, frames, tell);

port.on('message', (order: IngestOrder) => {
  if (order.kind === 'stop') stopping.abort();
  else if (order.kind === 'judged') tellJudged();
  else keeper?.keep(order.flow, order.facts);
});
void run();

async function run(): Promise<void> {
  try {
    const source = openSource(config);
    const counters = (): IngestCounters => ({
      source: source.counters,
      extract: extractor.counters,
      openFlows: hasFinished ? 0 : extractor.openFlows,
      damagedStreams: ingester.damagedStreams,
      keeper: keeper?.counters ?? null,
      heap: heapSize(),
    });
    const ticks = setInterval(() => {
      if (INGEST_BLOCKS - Atomics.load(credits, 0) > EARLY_BLOCKS) return;
      ingester.tick(source.isLive);
      readAtMs = null;
    }, TICK_MS);
    const counts = setInterval(() => post({ kind: 'counters', counters: counters() }), COUNTERS_MS);
    const sink = {
      begin: (name: string) => ingester.begin(name),
      write: (piece: Uint8Array) => {
        readAtMs ??= Date.now();
        ingester.write(piece);
      },
      end: () => ingester.end(stopping.signal.aborted),
    };
    // A source that fails gives up no flow that it brought.
    const failure = await source.run(sink, stopping.signal, tell).then(
      () => null,
      (error: unknown) => error,
    );
    clearInterval(ticks);
    clearInterval(counts);
    post({ kind: 'ending', hasFailed: failure !== null });
    extractor.finish();
    hasFinished = true;
    // Verdicts on the last flows come back before the packets are given up.
    post({ kind: 'over', hasFailed: failure !== null, counters: counters() });
    await judged;
    keeper?.finish();
    if (failure !== null) {
      post({ kind: 'counters', counters: counters() });
      throw failure;
    }
    source.settled?.();
    post({ kind: 'done', counters: counters() });
  } catch (error) {
    post(refusal(error));
  }
  port.close();
}

function refusal(error: unknown): IngestReport {
  if (!(error instanceof FlowlampError)) return { kind: 'broken', error: error as Error };
  const { code, happened, expected, action } = error;
  return { kind: 'refused', code, parts: { happened, expected, action } };
}

function post(report: IngestReport): void {
  port.postMessage(report);
}
