/** The corpus of the fuzzer reaches the reader of every protocol, without captures from elsewhere. */
import { expect, test } from 'vitest';
import { pcap } from '../support/captures.ts';
import { extractRows } from '../support/rows.ts';
import { CONVERSATIONS, conversationFrames } from './conversations.ts';
import { loadCorpus } from './corpus.ts';

test.each(CONVERSATIONS.map((conversation) => [conversation.name, conversation] as const))('%s', (_, conversation) => {
  const frames = conversationFrames(conversation).map((bytes, i) => ({ at: 1 + i / 100, bytes }));
  const { rows } = extractRows(pcap(frames));
  expect(rows).toHaveLength(1);
  for (const column of conversation.columns) expect(rows[0]![column], column).not.toBeNull();
});

test('all of them are in the corpus', () => {
  const names = loadCorpus([]).map(({ name }) => name);
  for (const { name } of CONVERSATIONS) expect(names).toContain(name);
});
