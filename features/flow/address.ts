/** Addresses from the words of a flow key to text. */

/** Dotted decimal, or RFC 5952 text for IPv6. */
export function addressText(keys: Int32Array, at: number, version: number): string {
  if (version === 4) {
    const word = keys[at + 3]!;
    return `${word >>> 24}.${(word >>> 16) & 255}.${(word >>> 8) & 255}.${word & 255}`;
  }
  const fields: number[] = [];
  for (let i = 0; i < 4; i++) fields.push(keys[at + i]! >>> 16, keys[at + i]! & 0xffff);
  return ipv6Text(fields);
}

/** RFC 5952 4: lowercase, no leading zeros, the first longest run of two or more zero fields written `::`. */
function ipv6Text(fields: readonly number[]): string {
  let runAt = -1;
  let runLength = 1;
  for (let i = 0; i < 8; i++) {
    let end = i;
    while (end < 8 && fields[end] === 0) end++;
    if (end - i > runLength) {
      runAt = i;
      runLength = end - i;
    }
    if (end > i) i = end - 1;
  }
  const hex = fields.map((field) => field.toString(16));
  // RFC 5952 5: IPv4-mapped addresses show their last 32 bits in dotted decimal.
  if (runAt === 0 && runLength === 5 && fields[5] === 0xffff) {
    return `::ffff:${fields[6]! >> 8}.${fields[6]! & 255}.${fields[7]! >> 8}.${fields[7]! & 255}`;
  }
  if (runAt < 0) return hex.join(':');
  return `${hex.slice(0, runAt).join(':')}::${hex.slice(runAt + runLength).join(':')}`;
}
