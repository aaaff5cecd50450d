/** Commands that pages show without their output are at least commands: they, and all of their options, exist. */
import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parsed, wordsOf } from '../cli/command-lines.ts';

const pages = [
  'README.md',
  'CONTRIBUTING.md',
  'notebooks/README.md',
  ...readdirSync('docs')
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

/** Lines of code blocks in which the program is called, those that go on in the next joined. */
function commandsOf(page: string): string[] {
  const blocks = readFileSync(page, 'utf8').matchAll(/^```[^\n]*\n(.*?)^```$/gms);
  return [...blocks]
    .flatMap(([, text]) => text!.replaceAll(/\\\n\s*/g, '').split('\n'))
    .flatMap((line) => line.replace(/\s#\s.*$/, '').split(/&&|;|\|/))
    .map((line) =>
      line.replace(/^\s*\$?\s*(?:sudo |nice |time )?(?:npx flowlamp |node dist\/cli\/main\.js )/, 'flowlamp ').trim(),
    )
    .filter((line) => /^flowlamp\s+[a-z-]/.test(line));
}

const shown = pages.flatMap((page) => commandsOf(page).map((line) => [page, line] as const));

test('there are many', () => {
  expect(shown.length).toBeGreaterThan(60);
});

test.each(shown)('%s: %s', async (_, line) => {
  const { error, said } = await parsed(wordsOf(line));
  // Of `--help` and `--version`, commander ends as of an error.
  if ((error as { exitCode?: number } | null)?.exitCode === 0) return;
  expect(said).toBe('');
  expect(error).toBeNull();
});
