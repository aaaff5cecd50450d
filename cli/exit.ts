/** Exit codes, part of the contract with scripts. */
export const ExitCode = {
  Done: 0,
  /** Something failed; one line on standard error says what. */
  Failed: 1,
  /** The command line is wrong. */
  Usage: 2,
  /** `--fail-on LABEL` met that verdict. */
  VerdictMet: 3,
} as const;
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];
