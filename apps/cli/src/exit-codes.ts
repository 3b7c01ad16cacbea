/** The exit codes of every command, as docs/cli.md and `--help` tell them. */
export const exitCodes = {
  /** Yes: runnable, equal, done. */
  yes: 0,
  /** No: filtered, refused, different. */
  no: 1,
  /** The command line or its input is wrong. */
  input: 2,
  /** It could not be told. */
  unknown: 3,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];
