/** How connections end: the same lottery for every dialogue, so that the end of a flow says nothing about its label. */
import type { Prng } from '../../../core/prng.ts';
import { SECOND_US, type Side } from '../dialogue/message.ts';
import type { Channel } from '../encapsulation/channel.ts';
import type { Connection } from '../transport/connection.ts';

export interface Ending {
  readonly kind: 'fin' | 'reset' | 'silence';
  readonly from: Side;
  /** Whether the encapsulation says goodbye first (TLS close_notify). */
  readonly polite: boolean;
  /** Close once the dialogue has fallen silent instead of at the end of the session. */
  readonly whenDone: boolean;
  readonly lingerUs: number;
}

export function drawEnding(prng: Prng): Ending {
  return {
    kind: prng.pickWeighted([
      { weight: 70, value: 'fin' as const },
      { weight: 15, value: 'reset' as const },
      { weight: 15, value: 'silence' as const },
    ]),
    from: prng.chance(0.65) ? 'client' : 'server',
    polite: prng.chance(0.7),
    whenDone: prng.chance(0.6),
    lingerUs: Math.min(60, prng.logNormal(3, 1.2)) * SECOND_US,
  };
}

export async function endSession(
  connection: Connection,
  channel: Channel,
  ending: Ending,
  atUs: number,
): Promise<void> {
  if (ending.kind === 'silence') return;
  let nowUs = atUs;
  if (ending.polite) {
    for (const { from, bytes } of await channel.farewell(ending.from))
      nowUs = connection.send(from, nowUs, bytes) + 100;
  }
  if (ending.kind === 'reset') connection.reset(ending.from, nowUs);
  else connection.finish(ending.from, nowUs);
}
