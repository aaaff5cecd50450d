/** One line of what `flowlamp doctor` finds. */

/** `missing` is not there, or cannot be told; `broken` is there and does not work. */
export type Status = 'ok' | 'missing' | 'broken';

export interface Check {
  readonly name: string;
  readonly status: Status;
  /** Nothing works without it. */
  readonly isRequired: boolean;
  /** What was found, in a few words. */
  readonly found: string;
  /** What it is for, and which command needs it. */
  readonly use: string;
  /** What to do about it; null where all is well. */
  readonly next: string | null;
}

export function sound(name: string, found: string, use: string, isRequired = false): Check {
  return { name, status: 'ok', isRequired, found, use, next: null };
}

export function unsound(
  name: string,
  status: Exclude<Status, 'ok'>,
  found: string,
  use: string,
  next: string,
  isRequired = false,
): Check {
  return { name, status, isRequired, found, use, next };
}

/** Whether the program can do what it is for. */
export function isFit(checks: readonly Check[]): boolean {
  return checks.every(({ isRequired, status }) => !isRequired || status === 'ok');
}
