/** Sessions that pages show, from the first command to the last, are what the program does. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (name: string) => readFileSync(`${root}/docs/${name}`, 'utf8');
const pages = readdirSync(`${root}/docs`).filter(
  (name) => name.endsWith('.md') && read(name).includes('<!-- session -->'),
);

interface Sessions {
  withSession(page: string, root: string): string;
  maskTimes(text: string): string;
}
const script = `${root}/scripts/docs-session.mjs`;
const { withSession, maskTimes } = (await import(script)) as Sessions;

test('there are some', () => {
  expect(pages).toEqual(['datasets.md', 'getting-started.md', 'labelling.md']);
});

test.each(pages)(
  '%s (node scripts/docs.mjs brings it up to date)',
  (name) => {
    const page = read(name);
    expect(maskTimes(withSession(page, root))).toBe(maskTimes(page));
  },
  240_000,
);
