/** Feeds with bytes changed, cut and repeated: each is read or refused in words, and never anything else. */
import { expect, test } from 'vitest';
import { Prng } from '../../../core/prng.ts';
import { bytesOf, feedOf, refusalOf } from './feeds.ts';

const STIX = {
  type: 'bundle',
  objects: [
    {
      type: 'indicator',
      id: 'indicator--1',
      pattern: "[domain-name:value = 'pool.example.org'] OR [ipv4-addr:value IN ('51.15.54.102')]",
      valid_until: '2024-01-01T00:00:00Z',
      confidence: 80,
    },
    { type: 'malware', id: 'malware--1', name: 'XMRig' },
    { type: 'relationship', relationship_type: 'indicates', source_ref: 'indicator--1', target_ref: 'malware--1' },
  ],
};
const MISP = {
  Event: {
    info: 'x',
    Tag: [{ name: 'misp-galaxy:tool="XMRIG"' }],
    Attribute: [{ type: 'ip-dst|port', value: '51.15.54.102|3333', to_ids: true }],
    Object: [{ Attribute: [{ type: 'ja3-fingerprint-md5', value: 'ab'.repeat(16), to_ids: true }] }],
  },
};
const FEEDS: Readonly<Record<string, string>> = {
  'a plain list':
    '# list\npool.example.org\n0.0.0.0 ads.example.org\n51.15.0.0/16 # net\nport,3333\ndomain,"xmr.example.org",90,xmrig,2024-01-01\n',
  records: JSON.stringify([
    {
      indicator: 'pool.example.org',
      type: 'domain',
      risk_score: 90,
      related_malware: ['xmrig'],
      last_seen: 1_700_000_000,
    },
  ]),
  'lines of records': `${JSON.stringify({ indicator: 'a.example.org' })}\n${JSON.stringify({ indicator: '51.15.54.102', type: 'ip' })}\n`,
  'a STIX bundle': JSON.stringify(STIX, null, 1),
  'a MISP event': JSON.stringify(MISP),
};

test.each(Object.entries(FEEDS))('%s', (name, text) => {
  expect(feedOf(text).counts.kept).toBeGreaterThan(0);
  const prng = new Prng(name);
  let refused = 0;
  for (let turn = 0; turn < 1500; turn++) {
    const bytes = mutated(bytesOf(text), prng);
    if (refusalOf(bytes) !== null) refused++;
    else {
      const { rows, kept, withdrawn, refused: why } = feedOf(bytes).counts;
      expect(kept + withdrawn + Object.values(why).reduce((sum, count) => sum + count, 0)).toBe(rows);
    }
  }
  // Both ways were taken.
  expect(refused).toBeGreaterThan(10);
  expect(refused).toBeLessThan(1500);
});

function mutated(bytes: Uint8Array, prng: Prng): Uint8Array {
  const copy = [...bytes];
  for (let change = prng.integer(1, 6); change > 0; change--) {
    const at = prng.below(copy.length + 1);
    const kind = prng.below(4);
    if (kind === 0) copy[Math.min(at, copy.length - 1)] = prng.below(256);
    else if (kind === 1) copy.splice(at, prng.below(20));
    else if (kind === 2) copy.splice(at, 0, ...copy.slice(at, at + prng.below(40)));
    else copy.splice(at, 0, prng.pick([...'[]{}",:\\\'()\n\0']).charCodeAt(0));
    if (copy.length === 0) copy.push(0x0a);
  }
  return Uint8Array.from(copy);
}
