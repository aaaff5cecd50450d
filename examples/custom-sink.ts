/**
 * A sink of one's own in the sidecar: `node examples/custom-sink.ts CAPTURE`, compiled. It is offered what every sink is: rows
 * with verdicts, alerts, and records of hosts, drift and the sidecar itself.
 */
import { rowsOf } from 'flowlamp';
import { type CustomSink, type Item, openSidecar } from 'flowlamp/serve';

/** Counts the alerts of each client, and says so at the end. */
export class AlertsByClient implements CustomSink {
  readonly name = 'alerts-by-client';
  readonly #alerts = new Map<string, number>();

  /** Quick: packets are judged in the same thread. */
  offer(item: Item): void {
    if (item.kind !== 'alert') return;
    for (const { src_ip } of rowsOf(item.rows)) {
      const client = src_ip ?? 'nobody';
      this.#alerts.set(client, (this.#alerts.get(client) ?? 0) + 1);
    }
  }

  /** Delivers what it holds, for so long at most. */
  async drain(): Promise<void> {
    for (const [client, count] of [...this.#alerts].sort()) console.log(client, count);
  }

  async close(): Promise<void> {
    this.#alerts.clear();
  }
}

const inputs = [process.argv[2] ?? 'datasets/samples/demo.pcap'];
const sidecar = await openSidecar(
  // A recording as fast as it goes; `{ kind: 'pcap', path: '-' }` is what `tcpdump -w -` writes.
  { source: { kind: 'replay', inputs, speed: 0 }, http: false },
  { sinks: [new AlertsByClient()] },
);
await sidecar.run();
