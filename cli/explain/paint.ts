/**
 * Colours for terminals: blue and orange, which people with any kind of colour blindness tell apart (Okabe and Ito, "Color
 * Universal Design", 2008). Whatever a colour says, a word or a sign says as well.
 */
import { paletteFor } from '../colours.ts';

export interface Paint {
  bold(text: string): string;
  dim(text: string): string;
  /** For what speaks for the label. */
  toward(text: string): string;
  /** For what speaks against it. */
  away(text: string): string;
}

const code = (start: string) => (text: string) => (text === '' ? '' : `\x1b[${start}m${text}\x1b[0m`);
const plain = (text: string) => text;

export const PLAIN: Paint = { bold: plain, dim: plain, toward: plain, away: plain };
export const COLOURS: Paint = { bold: code('1'), dim: code('2'), toward: code('38;5;208'), away: code('38;5;33') };

/** Colours where `paletteFor` allows any. */
export function paintFor(isTerminal: boolean, env: Readonly<Record<string, string | undefined>> = process.env): Paint {
  return paletteFor(env, isTerminal) === 'none' ? PLAIN : COLOURS;
}
