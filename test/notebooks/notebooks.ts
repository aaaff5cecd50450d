/** Notebooks as files: what the tests read of them. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));
export const folder = join(root, 'notebooks');
export const names = readdirSync(folder)
  .filter((name) => name.endsWith('.ipynb'))
  .sort();

export interface Output {
  readonly output_type: string;
  readonly text?: readonly string[];
  readonly data?: Readonly<Record<string, unknown>>;
}

export interface Cell {
  readonly cell_type: string;
  readonly id: string;
  readonly metadata: object;
  readonly source: readonly string[];
  readonly outputs?: readonly Output[];
  readonly execution_count?: number | null;
}

export interface Notebook {
  readonly nbformat: number;
  readonly nbformat_minor: number;
  readonly metadata: { readonly kernelspec: { readonly name: string; readonly language: string } };
  readonly cells: readonly Cell[];
}

export function textOf(name: string): string {
  return readFileSync(join(folder, name), 'utf8');
}

export function notebook(name: string): Notebook {
  return JSON.parse(textOf(name)) as Notebook;
}

export function codeOf({ cells }: Notebook): readonly Cell[] {
  return cells.filter(({ cell_type }) => cell_type === 'code');
}

export function isTypeScript({ metadata }: Notebook): boolean {
  return metadata.kernelspec.language === 'typescript';
}
