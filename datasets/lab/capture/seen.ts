/** What of a session a tap keeps: the packets within the recording and of the direction that comes by. */
import type { Side } from '../dialogue/message.ts';
import type { Packet } from '../transport/connection.ts';

/** Which way's packets come by the tap. */
export type Seen = 'both' | Side;

export function seenPackets(packets: readonly Packet[], seen: Seen, windowUs: number): Packet[] {
  return packets.filter(({ tapUs, from }) => tapUs >= 0 && tapUs < windowUs && (seen === 'both' || seen === from));
}
