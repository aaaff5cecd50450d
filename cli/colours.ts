/** Colours on terminals: blue and orange, which every kind of colour vision tells apart, always beside a sign or word. */

/** What a text is, not what it looks like. */
export type Role = 'risk' | 'ordinary' | 'unsure' | 'heading';
/** How many colours may be used. */
export type Palette = 'none' | 'basic' | 'full';

/** Parameters of SGR (ECMA-48 8.3.117). 208 and 33 of the 256 colours are near Okabe and Ito's vermilion and blue. */
const CODES: Readonly<Record<Exclude<Palette, 'none'>, Readonly<Record<Role, string>>>> = {
  full: { risk: '1;38;5;208', ordinary: '38;5;33', unsure: '38;5;245', heading: '1' },
  basic: { risk: '1;33', ordinary: '36', unsure: '2', heading: '1' },
};

/**
 * FORCE_COLOR decides where it is set (0 and false: none; 2, 3: many colours; else few), as in Node; then NO_COLOR
 * (no-color.org: any value but the empty one), TERM=dumb, and whether there is a terminal.
 */
export function paletteFor(env: Readonly<Record<string, string | undefined>>, isTerminal: boolean): Palette {
  const forced = env['FORCE_COLOR'];
  if (forced === '0' || forced === 'false') return 'none';
  if (forced !== undefined) return forced === '2' || forced === '3' ? 'full' : 'basic';
  const term = env['TERM'] ?? '';
  if (!isTerminal || (env['NO_COLOR'] ?? '') !== '' || term === 'dumb') return 'none';
  const isRich = /256color|direct|kitty|alacritty/.test(term) || /truecolor|24bit/.test(env['COLORTERM'] ?? '');
  return isRich ? 'full' : 'basic';
}

/** The text in the colour of its role; it must hold no control characters of its own. */
export function coloured(text: string, role: Role | undefined, palette: Palette): string {
  if (palette === 'none' || role === undefined || text === '') return text;
  return `\x1b[${CODES[palette][role]}m${text}\x1b[0m`;
}
