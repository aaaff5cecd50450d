/** The names of members that mining messages are told by; all others are the same to the reader. */
const NAMES = [
  'method',
  'id',
  'params',
  'result',
  'error',
  'jsonrpc',
  'type',
  'worker',
  'login',
  'pass',
  'agent',
  'rigid',
  'algo',
  'job',
  'job_id',
  'blob',
  'target',
  'nonce',
  'status',
  'code',
  'data',
  'midstate',
  'hash1',
  'previousblockhash',
  'coinbasevalue',
  'bits',
  'curtime',
  'height',
  'transactions',
  'proto',
  'host',
  'port',
  'epoch',
  'extranonce',
  'difficulty',
  'site_key',
  'user',
  'token',
  'hashes',
  'seed_hash',
] as const;
type KeyName = (typeof NAMES)[number];

/** The number of each name; 0 is every other name. */
export const Key = Object.fromEntries(NAMES.map((name, i) => [name, i + 1])) as Readonly<Record<KeyName, number>>;

const BUCKETS = 256;
const byHash: (readonly { readonly bytes: Uint8Array; readonly key: number }[])[] = Array.from(
  { length: BUCKETS },
  () => [],
);
for (const name of NAMES) {
  const bytes = Uint8Array.from(name, (char) => char.charCodeAt(0));
  const place = hashOf(bytes, bytes.length);
  byHash[place] = [...byHash[place]!, { bytes, key: Key[name] }];
}

/** The number of the name `bytes[0, length)`, 0 if it is none of those. */
export function keyOf(bytes: Uint8Array, length: number): number {
  for (const entry of byHash[hashOf(bytes, length)]!) {
    if (entry.bytes.length !== length) continue;
    let i = 0;
    while (i < length && entry.bytes[i] === bytes[i]) i++;
    if (i === length) return entry.key;
  }
  return 0;
}

function hashOf(bytes: Uint8Array, length: number): number {
  if (length === 0) return 0;
  return (length * 31 + bytes[0]! * 7 + bytes[length - 1]!) & (BUCKETS - 1);
}
