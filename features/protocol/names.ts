/** Words of a host name, for rules and evidence that look at names. Never an input of a model. */

export const NAME_LIMITS = {
  /** RFC 1035 2.3.4: a host name has at most 255 octets; the rest is not looked at. */
  length: 255,
  /** Tokens kept: a name of 255 single letters and dots has 128, real ones fewer than 12. */
  tokens: 32,
} as const;

/** A run of letters (with their marks) or a run of digits: dots, hyphens, underscores and all else separate. */
const TOKEN = /[\p{L}\p{M}]+|\p{N}+/gu;

/**
 * Lowercased tokens of a host name, in order: split on dots, hyphens, underscores and wherever letters meet digits.
 *
 *     sniTokens('EU1-Pool.Example2.org') // ['eu', '1', 'pool', 'example', '2', 'org']
 */
export function sniTokens(name: string): string[] {
  const found = name.slice(0, NAME_LIMITS.length).toLowerCase().match(TOKEN) ?? [];
  return found.slice(0, NAME_LIMITS.tokens);
}
