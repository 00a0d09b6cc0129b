/** What a launch command said that it submitted, where it returned before that had ended: it goes on, unwatched. */
import { shellWord } from '../command/shell-word.js';
import { withoutColours } from '../evidence/printed-line.js';
import { firstOf } from '../reports/quantity-text.js';

/** What is printed on submission, and what ends the job that is named there. */
const SAID: readonly [RegExp, string][] = [
  [/^.*\bsubmitted batch job (\d+)/i, 'scancel'],
  // Of sbatch --parsable: the number, and maybe the cluster, alone.
  [/^(\d{2,})(?:;[\w.-]+)?$/, 'scancel'],
  [/^\s*your job(?:-array)? (\d+)/i, 'qdel'],
  [/^(\d+(?:\[\])?\.[A-Za-z][\w.-]*)$/, 'qdel'],
  [/^\s*job <(\d+)> is submitted\b/i, 'bkill'],
  [/submitted to cluster (\d+)/i, 'condor_rm'],
  [/^job\.batch\/(\S+) created/i, 'kubectl delete job'],
  [/^\s*(?:.*\blaunched app:?\s+)?([a-z_]+:\/\/[\w.-]*\/[\w.:/-]+)\s*$/i, 'torchx cancel'],
];
const SHOWN = 3;

/** The commands that end it, each once. `submits`: what calls a scheduler; of others a bare number says nothing. */
export function endingCommands(output: string, submits: string): string[] {
  const found = withoutColours(output)
    .split(/[\r\n]+/)
    .flatMap((line) => {
      for (const [pattern, command] of SAID) {
        const id = pattern.exec(line.trim())?.[1];
        if (id !== undefined && isLikely(command, line, submits)) return [`${command} ${shellWord(id)}`];
      }
      return [];
    });
  return [...new Set(found)];
}

function isLikely(command: string, line: string, submits: string): boolean {
  if (command === 'scancel') return /batch job/i.test(line) || /\bsbatch\b.*--parsable/.test(submits);
  if (command === 'torchx cancel') return /\btorchx\b/.test(submits);
  return command !== 'qdel' || /your job/i.test(line) || /\bqsub\b/.test(submits);
}

/** A sentence without its stop, or null where nothing was named. */
export function stillRunningText(output: string, submits: string): string | null {
  const commands = endingCommands(output, submits).map((command) => `\`${command}\``);
  if (commands.length === 0) return null;
  return `what it submitted may still run, and nobody watches it: end it by ${firstOf(commands, SHOWN)}`;
}
