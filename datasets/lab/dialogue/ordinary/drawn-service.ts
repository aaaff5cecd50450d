/**
 * Ordinary applications in protocols that do not exist: what they are for is drawn per site, and so is how they write. They are
 * to mining in drawn formats (`mining/drawn-pool.ts`) what ordinary services are to pools: their messages have the same lengths and
 * the same looks, their signs of life and their openings are drawn by the same code, and what they are about is something else.
 *
 * None is made to copy mining whole: fixed pushes together with memoryless, briefly answered submissions are the task queue's and
 * the ticker's.
 */
import { drawKeepalive, keepAlive } from '../drawn/keepalive.ts';
import { drawOpening, playOpening } from '../drawn/opening.ts';
import type { Role } from '../drawn/role.ts';
import { Voice } from '../drawn/voice.ts';
import { type Dialogue, Script } from '../message.ts';
import { assistant, caller, poller, uploader } from './drawn-asking.ts';
import { device, presence, subscriber, synchronisation } from './drawn-listening.ts';

/** Shares are chosen: what is nearest to mining comes most often. */
export const ROLES: readonly { readonly weight: number; readonly value: Role }[] = [
  { weight: 3, value: subscriber },
  { weight: 2, value: caller },
  { weight: 3, value: uploader },
  { weight: 3, value: poller },
  { weight: 1.5, value: presence },
  { weight: 1.5, value: synchronisation },
  { weight: 2, value: device },
  { weight: 1, value: assistant },
];

/** Services that are used for two things on one connection; chosen. */
const SECOND_ROLE_SHARE = 0.15;

export const drawnService: Dialogue = {
  name: 'drawn-service',
  label: 'other',
  ports: [443, 8443, 8883, 5222, 5671, 7000, 9001],
  mixedFormats: true,
  play(context) {
    const { operator, prng, durationUs } = context;
    const opening = drawOpening(operator);
    const keepalive = drawKeepalive(operator);
    const role = operator.pickWeighted(ROLES);
    const second = operator.pickWeighted(ROLES);
    const twofold = operator.chance(SECOND_ROLE_SHARE) && second !== role;
    const voice = new Voice(operator, prng.fork('voice'));
    const script = new Script();
    const ready = playOpening(script, voice, prng, opening);
    const stage = { context, script, voice, ready };
    role(stage);
    if (twofold) second(stage);
    keepAlive(script, voice, prng.fork('keepalive'), keepalive, ready, durationUs);
    return script.messages;
  },
};
