/** Takes the protection off a long-header packet (RFC 9001 5.3 and 5.4). */
import type { Ciphers } from '../../../core/ciphers.ts';
import type { PacketKeys } from './initial-keys.ts';
import type { LongHeader } from './long-header.ts';

/** RFC 9001 5.4.2: the sample begins where the packet number would end if it had four bytes. */
const SAMPLE = 4;
const SAMPLE_BYTES = 16;
const TAG_BYTES = 16;
/** RFC 9000 17.2: of the protected bits two are reserved and two give the length of the packet number less one. */
const PROTECTED = 0x0f;
const RESERVED = 0x0c;
const NUMBER_LENGTH = 0x03;

/**
 * The frames of the packet whose header was read at `header.at`; null if the keys are not its own. Of a packet that the
 * capture cut, what is there: then the reserved bits alone speak for it, and the caller has to look at the frames.
 *
 * The packet number is taken as it is sent: an Initial's is near 0, so that nothing of it was left out.
 *
 * @param end of what was captured
 */
export function openPacket(
  ciphers: Ciphers,
  keys: PacketKeys,
  bytes: Uint8Array,
  header: LongHeader,
  end: number,
): Uint8Array | null {
  const { at, numberAt, packetEnd } = header;
  const sampleAt = numberAt + SAMPLE;
  if (packetEnd === 0 || sampleAt + SAMPLE_BYTES > Math.min(end, packetEnd)) return null;
  const mask = ciphers.aes128Block(keys.hp, bytes.subarray(sampleAt, sampleAt + SAMPLE_BYTES));
  const flags = bytes[at]! ^ (mask[0]! & PROTECTED);
  const textAt = numberAt + (flags & NUMBER_LENGTH) + 1;
  const associated = bytes.slice(at, textAt);
  const nonce = keys.iv.slice();
  associated[0] = flags;
  for (let i = numberAt; i < textAt; i++) {
    const number = bytes[i]! ^ mask[i - numberAt + 1]!;
    associated[i - at] = number;
    nonce[nonce.length - (textAt - i)]! ^= number;
  }
  if (packetEnd <= end) return ciphers.openAes128Gcm(keys.key, nonce, associated, bytes.subarray(textAt, packetEnd));
  if ((flags & RESERVED) !== 0) return null;
  // Bytes of the tag, if some of it was captured, are no text.
  return ciphers.peekAes128Gcm(keys.key, nonce, bytes.subarray(textAt, Math.min(end, packetEnd - TAG_BYTES)));
}
