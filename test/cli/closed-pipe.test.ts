/** `flowlamp ... | head`: whoever reads may go at any time, which is no error of the program. */
import { expect, test } from 'vitest';
import { flowlamp, sample } from './run.ts';

test.each([
  [['--help']],
  [['extract', '--help']],
  [['doctor', '-f', 'json']],
  [['extract', sample('demo.pcap'), '--quiet']],
])('%j ends well when nobody reads it', async (args) => {
  const { code, stderr } = await flowlamp(args, { meddle: ({ stdout }) => void stdout?.destroy() });
  expect(stderr).toBe('');
  expect(code).toBe(0);
});
