/** Whether a launch command, or a script that it runs, hides how its job ended. */

/** By what a script is read: the shell, make, or Python. */
export type ScriptKind = 'shell' | 'make' | 'python';

interface Rule {
  pattern: RegExp;
  says: string;
}

const SHELL_RULES: readonly Rule[] = [
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
  {
    pattern: /(?:^|[^&>|<\d])&(?![&>])[\s\S]*?(?<![\w./-])wait\s*(?:$|[;\n&|)])/,
    says: '`wait` without the number of a process forgets how it ended',
  },
  { pattern: /\bset\s+\+e\b/, says: '`set +e` goes on after a failure' },
  {
    pattern: /(?:^|[\s;&|(])g?make\s(?:[^;&|\n]*\s)?(?:-\w*i\w*|--ignore-errors)(?=\s|$)/,
    says: '`make -i` goes on after a failure',
  },
];

/** Of a makefile, which stops at the first line that fails, only lines that start a program of the user's are asked. */
const STARTS_A_JOB = /python|\.py\b|\$[({]PY|torchrun|accelerate|deepspeed|\bmake\b|\$\(MAKE\)|\.sh\b/i;
const STARTED_BY_PYTHON = /\b(?:subprocess\.(?:run|call|Popen)|os\.(?:system|spawn\w+)|run|call|Popen)\s*\(/;
const IMPORTS_STARTERS = /\bimport\s+subprocess\b|\bfrom\s+subprocess\s+import\b|\bos\.(?:system|spawn)/;
const LOOKS_AT_THE_CODE =
  /\bcheck\s*=\s*True|\bcheck_(?:call|output|returncode)\b|\breturncode\b|\bsys\.exit\s*\(|\braise\b|\bSystemExit\b|\bos\._?exit\b|(?:=|return|if|assert)\s+(?:\w+\.)*(?:call|wait|system|spawn\w+)\s*\(/;

/** A pipe alone is none: commands run with pipefail. `text` is a shell command, or a script. */
export function swallowsExitCode(text: string, kind: ScriptKind = 'shell'): string | null {
  if (kind === 'make') return madeToSwallow(text);
  if (kind === 'python') return startedUnchecked(text);
  const shell = withoutQuotes(text.replace(/^\s*#.*$/gm, '').trimEnd());
  return SHELL_RULES.find(({ pattern }) => pattern.test(shell))?.says ?? null;
}

function madeToSwallow(text: string): string | null {
  if (/^\.IGNORE\s*:/m.test(text)) return '`.IGNORE` goes on after a failure';
  const recipes = [...text.replace(/\\\n/g, ' ').matchAll(/^\t(.*)$/gm)].map(([, line]) => line!.trim());
  for (const recipe of recipes.filter((line) => STARTS_A_JOB.test(line))) {
    if (/^[@+\s]*-/.test(recipe)) return '`-` before a command of its makefile goes on after a failure';
    const says = swallowsExitCode(recipe.replace(/^[@+\s]+/, ''));
    if (says !== null) return says;
  }
  return null;
}

/** A program that starts others and asks none of them how it ended. */
function startedUnchecked(text: string): string | null {
  const code = text.replace(/^\s*#.*$/gm, '');
  if (!IMPORTS_STARTERS.test(code) || LOOKS_AT_THE_CODE.test(code)) return null;
  const start = STARTED_BY_PYTHON.exec(code);
  return start === null ? null : `\`${start[0].replace(/\s*\($/, '')}\` without \`check=True\` goes on after a failure`;
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
