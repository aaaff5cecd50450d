/**
 * Binary packets of SSH (RFC 4253, section 6): length, padding length, payload, padding to a block, MAC. In the clear they are
 * written out; encrypted they are noise of exactly the length that the negotiated cipher and MAC give.
 */
import type { Prng } from '../../../core/prng.ts';
import type { SshProgram } from './ssh-lists.ts';

/** What a cipher and a MAC make of a packet. */
export interface Protection {
  readonly blockBytes: number;
  readonly macBytes: number;
  /** The length field is part of what is padded; not so with AEAD ciphers and encrypt-then-MAC. */
  readonly padsLength: boolean;
  /** The length field can be read on the wire. */
  readonly showsLength: boolean;
}

const LENGTH_BYTES = 4;
const PADDING_LENGTH_BYTES = 1;
const PADDING_MIN = 4;
/** Before NEWKEYS: RFC 4253 pads to eight bytes. */
const CLEAR: Protection = { blockBytes: 8, macBytes: 0, padsLength: true, showsLength: true };

/** Tag or MAC, bytes (RFC 4253, RFC 6668, draft-miller-secsh-umac). */
const MAC_BYTES: Readonly<Record<string, number>> = {
  'umac-64': 8,
  'umac-128': 16,
  'hmac-sha1': 20,
  'hmac-sha2-256': 32,
  'hmac-sha2-512': 64,
};

/** The client's first choice that the server has (RFC 4253, section 7.1). */
export function agreed(client: readonly string[], server: readonly string[]): string {
  const choice = client.find((name) => server.includes(name));
  if (choice === undefined) throw new Error(`no algorithm in common: ${client.join()} and ${server.join()}`);
  return choice;
}

export function protectionOf(client: SshProgram, server: SshProgram): Protection {
  const cipher = agreed(client.ciphers, server.ciphers);
  if (cipher.startsWith('chacha20')) return { blockBytes: 8, macBytes: 16, padsLength: false, showsLength: false };
  if (cipher.includes('-gcm')) return { blockBytes: 16, macBytes: 16, padsLength: false, showsLength: true };
  const mac = agreed(client.macs, server.macs);
  const encryptsFirst = mac.includes('-etm');
  const macBytes = MAC_BYTES[mac.replace(/(-etm)?(@openssh\.com)?$/, '')]!;
  return { blockBytes: 16, macBytes, padsLength: !encryptsFirst, showsLength: encryptsFirst };
}

/** Value of the length field for a payload: padding length, payload and padding. */
function packetLength(payloadBytes: number, { blockBytes, padsLength }: Protection): number {
  const head = padsLength ? LENGTH_BYTES : 0;
  const least = head + PADDING_LENGTH_BYTES + payloadBytes + PADDING_MIN;
  return Math.ceil(least / blockBytes) * blockBytes - head;
}

/** A packet before encryption starts; its padding is drawn. */
export function clearPacket(payload: Uint8Array, prng: Prng): Uint8Array {
  const length = packetLength(payload.length, CLEAR);
  const packet = noise(prng, LENGTH_BYTES + length);
  new DataView(packet.buffer).setUint32(0, length);
  packet[LENGTH_BYTES] = length - PADDING_LENGTH_BYTES - payload.length;
  packet.set(payload, LENGTH_BYTES + PADDING_LENGTH_BYTES);
  return packet;
}

/** An encrypted packet with a payload of so many bytes. */
export function sealedPacket(payloadBytes: number, protection: Protection, prng: Prng): Uint8Array {
  const length = packetLength(payloadBytes, protection);
  const packet = noise(prng, LENGTH_BYTES + length + protection.macBytes);
  if (protection.showsLength) new DataView(packet.buffer).setUint32(0, length);
  return packet;
}

/** Uniform bytes, four to a draw. */
function noise(prng: Prng, length: number): Uint8Array {
  const bytes = new Uint8Array((length + 3) & ~3);
  const view = new DataView(bytes.buffer);
  for (let at = 0; at < bytes.length; at += 4) view.setUint32(at, prng.uint32());
  return bytes.subarray(0, length);
}
