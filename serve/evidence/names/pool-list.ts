/** Lists of pool domains, as the one that ships with the package (serve/lists/pools.txt). */
import { enclosing } from './host.ts';

export interface PoolList {
  /** When the list was written, as in its header. */
  readonly date: string;
  readonly domains: ReadonlySet<string>;
}

const DATE = /^# date: (\d{4}-\d{2}-\d{2})$/m;

/** @param text one domain a line; `#` begins a comment; a line `# date: YYYY-MM-DD` says how old it is */
export function parsePoolList(text: string): PoolList {
  const names = text.split('\n').map((line) => line.replace(/#.*/, '').trim().toLowerCase());
  return { date: DATE.exec(text)?.[1] ?? 'no date', domains: new Set(names.filter((name) => name !== '')) };
}

/** The listed domain that the name is, or lies in; null if there is none. */
export function poolOf({ domains }: PoolList, name: string): string | null {
  for (const part of enclosing(name)) if (domains.has(part)) return part;
  return null;
}
