import { defineConfig } from 'vitest/config';

/** Tests that start programs, listen, hold hooks in what they share, or look at the process that they are in. */
const ALONE = [
  'test/package.test.ts',
  'test/{browser,cli,docs,examples,notebooks}/**/*.test.ts',
  'test/serve/{http,live,sinks,sources}/**/*.test.ts',
  'test/train/neural/**/*.test.ts',
];
const TIMEOUT = 120_000;

/** What all have in common. */
const test = { testTimeout: TIMEOUT, hookTimeout: TIMEOUT };

export default defineConfig({
  test: {
    // Of the cores of the machine on which this has to be quick. Tests that start programs are busy on both even so.
    maxWorkers: 2,
    projects: [
      { test: { ...test, name: 'alone', include: ALONE } },
      // Functions of bytes, columns and tables: files share what they import, which takes longer to load than to test.
      { test: { ...test, name: 'together', include: ['test/**/*.test.ts'], exclude: ALONE, isolate: false } },
    ],
  },
});
