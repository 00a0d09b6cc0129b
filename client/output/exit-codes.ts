/** What the exit code of a command means. Its one home: the help text and the README are checked against it. */
export const EXIT = {
  ok: 0,
  runFailed: 1,
  refused: 2,
  notRunning: 3,
  interrupted: 130,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export const EXIT_MEANINGS = {
  ok: 'done; of a run: it ended by its own rule',
  runFailed: 'the run ended in failure, doctor found a problem, or the agent did not write its report',
  refused: 'bad input, or the engine refused the request: nothing was changed',
  notRunning: 'the command needs a running engine and there is none',
  interrupted: 'interrupted by Ctrl+C; `autoresearch run <workdir>` goes on',
} as const satisfies Record<keyof typeof EXIT, string>;

export function exitCodeHelp(): string {
  const names = Object.keys(EXIT) as (keyof typeof EXIT)[];
  const lines = names.map((name) => `  ${String(EXIT[name]).padEnd(4)} ${EXIT_MEANINGS[name]}`);
  return ['Exit codes:', ...lines].join('\n');
}
