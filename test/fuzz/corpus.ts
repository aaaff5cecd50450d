/** What is mutated: captures from folders and captures made here, and the frames that they hold. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { CaptureReader, looksLikeCapture } from '../../features/capture/reader.ts';
import { ascii, concat, fields } from '../support/bytes.ts';
import { interfaceBlock, packetBlock, pcap, sectionHeader } from '../support/captures.ts';
import { Flag, tcp, udp } from '../support/frames.ts';
import { CONVERSATIONS, conversationFrames } from './conversations.ts';

export interface CorpusFrame {
  readonly bytes: Uint8Array;
  readonly linkType: number;
  readonly us: number;
}

export interface CorpusCapture {
  readonly name: string;
  /** The start of the file, as much as is mutated. */
  readonly bytes: Uint8Array;
  readonly frames: readonly CorpusFrame[];
}

/** Beyond this a file shows nothing new but costs time. */
const FILE_BYTES = 64 * 1024;
const FRAMES = 256;

/** The captures under the folders that exist, sorted, and those made here. */
export function loadCorpus(folders: readonly string[]): CorpusCapture[] {
  const files = folders.filter(existsSync).flatMap(filesIn).sort();
  const captures = files.map((path) => captureOf(path, new Uint8Array(readFileSync(path))));
  return [...madeCaptures(), ...madeConversations(), ...captures.filter((capture) => capture !== null)];
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile());
}

function captureOf(name: string, whole: Uint8Array): CorpusCapture | null {
  if (!looksLikeCapture(whole)) return null;
  const bytes = whole.slice(0, FILE_BYTES);
  return { name, bytes, frames: framesOf(bytes) };
}

function framesOf(capture: Uint8Array): CorpusFrame[] {
  const frames: CorpusFrame[] = [];
  const reader = new CaptureReader('corpus', {
    frame(view, at, end, _wireLength, us, _ns, linkType) {
      if (frames.length < FRAMES) {
        frames.push({ bytes: new Uint8Array(view.buffer.slice(at, end) as ArrayBuffer), linkType, us });
      }
    },
  });
  reader.write(capture);
  reader.finish();
  return frames;
}

/** A capture of each protocol that is read. */
function madeConversations(): CorpusCapture[] {
  return CONVERSATIONS.map((conversation) => {
    const frames = conversationFrames(conversation).map((bytes, i) => ({ at: 1_700_000_000 + i / 8, bytes }));
    return captureOf(conversation.name, pcap(frames))!;
  });
}

/** Small captures with what the folders may lack: every file variant, a handshake, a datagram. */
function madeCaptures(): CorpusCapture[] {
  const [client, server] = ['10.0.0.1:40000', '192.0.2.7:443'];
  const frames = [
    tcp({ from: client, to: server, flags: Flag.SYN, seq: 9 }),
    tcp({ from: server, to: client, flags: Flag.SYN | Flag.ACK, seq: 5, ack: 10 }),
    tcp({ from: client, to: server, seq: 10, ack: 6, payload: ascii('GET / HTTP/1.1\r\n\r\n') }),
    tcp({ from: client, to: server, flags: Flag.FIN | Flag.ACK, seq: 28, ack: 6 }),
    tcp({ from: server, to: client, flags: Flag.FIN | Flag.ACK, seq: 6, ack: 29 }),
    udp('[2001:db8::1]:5353', '[ff02::fb]:5353', fields(false, [0, 4], [1, 4], [0, 4])),
  ];
  const timed = frames.map((bytes, i) => ({ at: 1_700_000_000 + i / 8, bytes }));
  const classic = [true, false].flatMap((little) =>
    [true, false].map((nanoseconds) => pcap(timed, { little, nanoseconds })),
  );
  const sections = [true, false].map((little) =>
    concat(
      sectionHeader(little),
      interfaceBlock(1, [[9, Uint8Array.of(little ? 9 : 0x94)]], little),
      interfaceBlock(101, [[2, ascii('tun0')]], little),
      ...frames.map((bytes, i) => packetBlock(1_700_000_000_000_000_000n + BigInt(i), bytes, i & 1, little)),
    ),
  );
  return [...classic, ...sections, concat(...sections)].map((bytes, i) => captureOf(`made ${i}`, bytes)!);
}
