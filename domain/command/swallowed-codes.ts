/** Whether a launch command, or the script that it runs, hides how its job ended. */

const RULES: readonly { pattern: RegExp; says: string }[] = [
  { pattern: /\|\|\s*(?:true|:|exit\s+0|echo\b|printf\b)/, says: '`|| …` replaces the exit code of what failed' },
  { pattern: /[;\n]\s*(?:true|:|exit\s+0)\s*$/, says: 'it ends with a command that always succeeds' },
  {
    pattern: /[;\n]\s*(?:echo|printf|date|sleep|sync|ls|touch)\b[^\n;&|]*\s*$/,
    says: 'its last command says nothing of the job',
  },
  {
    pattern: /(?:^|[^&>|<\d])&\s*(?:$|[;\n)])(?![\s\S]*\bwait\b)/,
    says: '`&` starts the job in the background, and nobody waits for it',
  },
  { pattern: /\bset\s+\+e\b/, says: '`set +e` goes on after a failure' },
];

/** A pipe alone is none: commands run with pipefail. `text` is a shell command, or a shell script without its comments. */
export function swallowsExitCode(text: string): string | null {
  const shell = withoutQuotes(text.replace(/^\s*#.*$/gm, '').trimEnd());
  return RULES.find(({ pattern }) => pattern.test(shell))?.says ?? null;
}

/** A pipe inside a script of the user's, where pipefail is not set. */
export function pipesWithoutPipefail(script: string): boolean {
  const shell = withoutQuotes(script.replace(/^\s*#.*$/gm, ''));
  return /[^|]\|&?\s*(?:tee|cat|grep|sed|awk|ts|head|tail)\b/.test(shell) && !/\bpipefail\b/.test(shell);
}

/** What is quoted is an argument, not the shell's. */
function withoutQuotes(text: string): string {
  return text.replace(/'[^']*'|"(?:\\.|[^"\\])*"/g, '""');
}
