/**
 * A relay on loopback that records what goes through it as a capture: the bytes that a real client and a real server
 * say, without a privilege to sniff packets. Segments are as the sockets gave them, cut to what a packet holds.
 */
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { type Frame, pcap } from './captures.ts';
import { Flag, tcp } from './frames.ts';

const SEGMENT = 1448;
const SECONDS_BETWEEN = 0.001;

export interface RecordingRelay {
  readonly port: number;
  /** The capture of all connections so far. */
  capture(): Uint8Array;
  close(): Promise<void>;
}

/** @param target port on loopback that connections are handed on to */
export async function recordingRelay(target: number): Promise<RecordingRelay> {
  const frames: Frame[] = [];
  const sockets = new Set<Socket>();
  let clients = 0;
  const server = createServer((client) => {
    const upstream = connect(target, '127.0.0.1');
    const record = recorder(frames, `10.0.0.1:${20_000 + clients++}`, `192.0.2.1:${target}`);
    for (const [from, to, side] of [
      [client, upstream, 0],
      [upstream, client, 1],
    ] as const) {
      sockets.add(from);
      from.on('data', (bytes) => {
        record(side, bytes as Buffer);
        to.write(bytes);
      });
      from.on('error', () => to.destroy());
      from.on('close', () => to.destroy());
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    capture: () => pcap(frames),
    close: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

/** Writes a connection's segments: the handshake of TCP first, then whatever is said. */
function recorder(frames: Frame[], from: string, to: string): (side: 0 | 1, bytes: Uint8Array) => void {
  const ends = [from, to] as const;
  const next = [1, 1];
  const add = (side: 0 | 1, flags: number, seq: number, payload?: Uint8Array) => {
    const segment = { from: ends[side], to: ends[1 - side]!, flags, seq, ack: next[1 - side]! };
    const at = 1_700_000_000 + frames.length * SECONDS_BETWEEN;
    frames.push({ at, bytes: tcp(payload === undefined ? segment : { ...segment, payload }) });
  };
  add(0, Flag.SYN, 0);
  add(1, Flag.SYN | Flag.ACK, 0);
  add(0, Flag.ACK, 1);
  return (side, bytes) => {
    for (let at = 0; at < bytes.length; at += SEGMENT) {
      const payload = bytes.subarray(at, at + SEGMENT);
      add(side, Flag.PSH | Flag.ACK, next[side]!, payload);
      next[side]! += payload.length;
    }
  };
}
