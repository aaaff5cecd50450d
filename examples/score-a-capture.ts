/** Scores a capture and names the flows that look like mining: `node examples/score-a-capture.ts capture.pcap`, compiled. */
import { FlowlampError, score } from 'flowlamp';

try {
  for await (const flow of score(process.argv[2] ?? 'datasets/samples/demo.pcap')) {
    if (flow.verdict === 'mining')
      console.log(flow.dst_ip, flow.dst_port, flow.score.toFixed(3), flow.evidence[0]?.finding);
  }
} catch (error) {
  if (!(error instanceof FlowlampError)) throw error;
  console.error(`${error.code}: ${error.message}`);
}
