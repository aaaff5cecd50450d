/**
 * Arkime's recorded sessions: what each `.test` file beside a capture says of them, by name and unit. Arkime's `bytes` are
 * captured frame lengths, link header and padding included; its `client` and `server` bytes are transport payload.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { type Conversation, canonicalIp, type Pair } from '../features/flow/oracle/conversation.ts';
import { sharedPath } from '../support/shared-data.ts';

export const ARKIME_FOLDER = 'oracle/arkime';

export interface ArkimeSession extends Conversation {
  readonly frameBytes: Pair;
  /** Packets by flag; null for all but TCP. */
  readonly flags: Readonly<Record<string, number>> | null;
  /** Offsets of the session's packets in the capture. */
  readonly offsets: readonly number[];
}

interface Recorded {
  readonly ipProtocol: number;
  readonly source: Side;
  readonly destination: Side;
  readonly client: { readonly bytes: number };
  readonly server: { readonly bytes: number };
  readonly firstPacket: number;
  readonly lastPacket: number;
  readonly tcpflags?: Readonly<Record<string, number>>;
  readonly packetPos: readonly number[];
}

interface Side {
  /** Absent of frames that are no IP. */
  readonly ip?: string;
  readonly port?: number;
  readonly packets: number;
  readonly bytes: number;
}

/** Captures that have recorded sessions, without the ending `.pcap`. */
export function arkimeNames(): string[] {
  return readdirSync(sharedPath(ARKIME_FOLDER))
    .filter((name) => name.endsWith('.test'))
    .map((name) => name.slice(0, -'.test'.length))
    .filter((name) => existsSync(capturePath(name)));
}

export function capturePath(name: string): string {
  return sharedPath(`${ARKIME_FOLDER}/${name}.pcap`);
}

export function arkimeSessions(name: string): ArkimeSession[] {
  const text = readFileSync(sharedPath(`${ARKIME_FOLDER}/${name}.test`), 'utf8');
  const { sessions3 = [] } = JSON.parse(text) as { sessions3?: { body: Recorded }[] };
  return sessions3.map(({ body }) => sessionOf(body));
}

function sessionOf(body: Recorded): ArkimeSession {
  const { source, destination } = body;
  return {
    protocol: body.ipProtocol,
    from: canonicalIp(source.ip ?? '0.0.0.0'),
    fromPort: source.port ?? 0,
    to: canonicalIp(destination.ip ?? '0.0.0.0'),
    toPort: destination.port ?? 0,
    packets: [source.packets, destination.packets],
    frameBytes: [source.bytes, destination.bytes],
    payloadBytes: [body.client.bytes, body.server.bytes],
    // Recorded to the millisecond.
    firstUs: body.firstPacket * 1000,
    lastUs: body.lastPacket * 1000,
    flags: body.tcpflags ?? null,
    offsets: body.packetPos,
  };
}
