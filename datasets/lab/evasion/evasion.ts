/**
 * What somebody does who would rather not be recognised: a transformation of a dialogue's messages, or of the settings of a
 * session, with a strength from 0 (nothing changes) to 1 (the strongest that still lets the application work). Each file says
 * what strength 1 means in its units.
 *
 * Evasions leave dependencies alone: whatever waited for a message before waits for it afterwards.
 */
import type { Prng } from '../../../core/prng.ts';
import type { Dialogue, Message } from '../dialogue/message.ts';

export type EvasionName =
  | 'dummy-traffic'
  | 'padding'
  | 'jitter'
  | 'coalescing'
  | 'raised-difficulty'
  | 'short-sessions'
  | 'random-names'
  | 'no-sni';

/** What an evasion would be applied to. */
export interface Subject {
  readonly dialogue: Dialogue;
  /** It is carried in TLS, so there is a handshake to hide something in. */
  readonly sealed: boolean;
}

/** Settings of a session that an evasion may turn. */
export interface Settings {
  /** Server name. */
  readonly host: string;
  /** The client names the server in its ClientHello. */
  readonly sendsName: boolean;
  readonly durationUs: number;
  /** Factor on the share difficulty a miner asks for. */
  readonly difficulty: number;
}

export interface Evasion {
  readonly name: EvasionName;
  /** Decided once for a site, and so for all its visitors, or anew for each session. */
  readonly scope: 'site' | 'session';
  /** Whether it could change anything there. */
  suits(subject: Subject): boolean;
  settings?(settings: Settings, strength: number, prng: Prng): Settings;
  messages?(messages: readonly Message[], strength: number, prng: Prng, dialogue: Dialogue): readonly Message[];
}

/** An evasion in force. */
export interface ActiveEvasion {
  readonly name: EvasionName;
  readonly strength: number;
}
