/** Text into HTML: whatever is put into a template is escaped unless it is HTML already. */

export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  toString(): string {
    return this.text;
  }
}

type Part = Html | string | number | readonly Part[];

/** html`<b>${name}</b>`: names of classes and captures come from strangers. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return new Html(strings.map((text, i) => text + (i < parts.length ? shown(parts[i]!) : '')).join(''));
}

export const NOTHING = new Html('');

function shown(part: Part): string {
  if (part instanceof Html) return part.text;
  if (Array.isArray(part)) return part.map(shown).join('');
  return escaped(String(part));
}

export function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** Columns after the first are numbers unless `text` names them (by number). */
export function table(
  headings: readonly (Html | string)[],
  rows: readonly (readonly (Html | string)[])[],
  text: readonly number[] = [],
): Html {
  const cell = (tag: string) => (content: Html | string, i: number) =>
    new Html(`<${tag}${i === 0 || text.includes(i) ? '' : ' class="n"'}>${shown(content)}</${tag}>`);
  const body = rows.map((row) => html`<tr>${row.map(cell('td'))}</tr>`);
  return html`<div class="scroll"><table><thead><tr>${headings.map(cell('th'))}</tr></thead><tbody>${body}</tbody></table></div>`;
}

export function section(id: string, title: string, ...content: readonly Part[]): Html {
  return html`<section id="${id}"><h2>${title}</h2>${content}</section>`;
}

export function figure(drawing: Html, caption: Part, className = ''): Html {
  return html`<figure class="${className}">${drawing}<figcaption>${caption}</figcaption></figure>`;
}

export function note(content: Part): Html {
  return html`<p class="note">${content}</p>`;
}
