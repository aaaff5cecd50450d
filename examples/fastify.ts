/**
 * A service that scores what is posted to it: a capture (`curl --data-binary @capture.pcap -H 'content-type:
 * application/vnd.tcpdump.pcap'`), which is scored while it arrives, or flow rows in a list of JSON.
 */
import Fastify from 'fastify';
import { type FlowInput, FlowlampError, loadModel, type ScoredFlow, toJson } from 'flowlamp';

const model = await loadModel('mining');
export const app = Fastify({ bodyLimit: 64 * 1024 * 1024 });
app.addContentTypeParser(['application/vnd.tcpdump.pcap', 'application/octet-stream'], (_, body, done) =>
  done(null, body),
);
app.addHook('onClose', () => model.close());
app.setErrorHandler((error, _, reply) => reply.code(error instanceof FlowlampError ? 400 : 500).send(error));
app.post('/score', async ({ body }) => {
  const scored: ScoredFlow[] = [];
  for await (const flow of model.score(body as FlowInput, { maxBytes: 64 * 1024 * 1024 })) scored.push(flow);
  return scored.map(toJson);
});
