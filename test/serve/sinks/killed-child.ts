/** A sink that is offered rows without end; killed.test.ts bundles this file, runs and kills it. */
import type { SinkConfig } from '../../../serve/sinks/config.ts';
import { openSink } from '../../../serve/sinks/open-sink.ts';
import { benign, miningModel, scoredTable, tlsFlow } from '../../support/scored-rows.ts';

const [config, first, last] = [process.argv[2]!, Number(process.argv[3]), Number(process.argv[4])];
const sink = await openSink(JSON.parse(config) as SinkConfig, {
  sourceIsLive: true,
  backOff: { firstMs: 4, mostMs: 20 },
});
for (let n = first; n < last; n++) {
  sink.offer({ kind: 'rows', rows: scoredTable([[{ ...tlsFlow, flow_id: n }, benign]]), model: miningModel });
  await new Promise((resolve) => setImmediate(resolve));
  // Items are delivered in order, so that these are the ones that were.
  if (n % 5 === 0) process.stdout.write(`${JSON.stringify(sink.counters)}\n`);
}
await sink.drain(5_000);
await sink.close();
process.stdout.write(`${JSON.stringify(sink.counters)}\n`);
