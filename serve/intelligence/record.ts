/** The indicator form: `{indicator, type, risk_score, related_malware, last_seen}`, `valid_until` where there is one. */
import { listOf, numberOf, secondsOf, stringOf } from './bounded-json.ts';
import type { FeedBuilder } from './feed-builder.ts';

export function readRecord(record: Readonly<Record<string, unknown>>, builder: FeedBuilder): void {
  const value = record['indicator'] ?? record['value'];
  const type = stringOf(record['type']);
  const text = typeof value === 'number' ? String(value) : stringOf(value);
  const facts = {
    risk: numberOf(record['risk_score']),
    malware: malwareOf(record['related_malware']),
    lastSeen: secondsOf(record['last_seen']),
    validUntil: secondsOf(record['valid_until'] ?? record['expires']),
  };
  if (text === '') builder.leaveOut();
  else if (type === '') builder.add(null, text, facts);
  else builder.addTyped(type, text, facts);
}

function malwareOf(value: unknown): string {
  if (typeof value === 'string') return value;
  return listOf(value)
    .filter((name) => typeof name === 'string')
    .slice(0, 4)
    .join(', ');
}
