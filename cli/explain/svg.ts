/** Pieces of SVG. Texts come from captures and models: they are escaped, and nothing in them is left that XML forbids. */
import { printable } from '../../core/visible.ts';

export function escapedXml(text: string): string {
  return printable(text)
    .replace(/[\ud800-\udfff\ufffe\uffff]/gu, '\ufffd')
    .replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** Okabe and Ito's vermilion and blue ("Color Universal Design", 2008); side and shape say what they say as well. */
export const TOWARD = '#d55e00';
export const AWAY = '#0072b2';

/** A piece of a drawing, and how high it is. */
export interface Drawn {
  readonly svg: string;
  readonly height: number;
}

type Attributes = Readonly<Record<string, string | number>>;

/** An element; `inside` is SVG already. Coordinates are rounded to a tenth. */
export function element(name: string, attributes: Attributes, inside = ''): string {
  const written = Object.entries(attributes)
    .map(([key, value]) => ` ${key}="${typeof value === 'number' ? Math.round(value * 10) / 10 : escapedXml(value)}"`)
    .join('');
  return inside === '' ? `<${name}${written}/>` : `<${name}${written}>${inside}</${name}>`;
}

export function svgText(x: number, y: number, text: string, attributes: Attributes = {}): string {
  return element('text', { x, y, ...attributes }, escapedXml(shortened(text)) || ' ');
}

/** What a pointer that rests on a shape shows. */
export function tip(text: string): string {
  return `<title>${escapedXml(text)}</title>`;
}

export function line(x1: number, y1: number, x2: number, y2: number, attributes: Attributes = {}): string {
  return element('line', { x1, y1, x2, y2, ...attributes });
}

const LONGEST = 140;

function shortened(text: string): string {
  return text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text;
}
