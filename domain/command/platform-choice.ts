/** Which platform a launch command is for, and why, where a person leaves that open. */
import { isManifestName, submitsByKubectl } from './kubectl-command.js';
import { shellCommands } from './shell-commands.js';

export interface PlatformChoice {
  platform: 'local' | 'slurm' | 'torchx' | 'kubernetes';
  /** For a person. */
  why: string;
}

/** Schedulers whose jobs torchx runs on the host where it is called, and waits for. */
const TORCHX_HERE = /^local_/;
/** In front of a command that they change nothing about. */
const WRAPPERS = new Set(['exec', 'env', 'nice', 'time', 'command', 'nohup']);

export function choosePlatform(launchCommand: string): PlatformChoice {
  for (const words of shellCommands(launchCommand)) {
    const own = ownWords(words);
    const [name = '', ...args] = own;
    const program = name.split('/').at(-1)!;
    if (program === 'sbatch' || program === 'srun')
      return { platform: 'slurm', why: `the launch command calls ${program}` };
    if (program === 'torchx' && args[0] === 'run') return torchxChoice(args);
    if (submitsByKubectl(own)) return { platform: 'kubernetes', why: 'the launch command calls kubectl' };
    if (isManifestName(name) && args.length === 0)
      return { platform: 'kubernetes', why: `the launch command is a manifest, ${program}` };
  }
  return { platform: 'local', why: 'the launch command names no scheduler' };
}

/** Without assignments and wrappers in front. */
function ownWords(words: readonly string[]): readonly string[] {
  const at = words.findIndex((word) => !/^[A-Za-z_]\w*=/.test(word) && !WRAPPERS.has(word.split('/').at(-1)!));
  return at < 0 ? [] : words.slice(at);
}

function torchxChoice(args: readonly string[]): PlatformChoice {
  const named = args.flatMap((word, at) => {
    const joined = /^(?:-s=?|--scheduler=)(.+)$/.exec(word)?.[1];
    return joined ?? (word === '-s' || word === '--scheduler' ? (args[at + 1] ?? '') : []);
  })[0];
  if (named !== undefined && TORCHX_HERE.test(named))
    return { platform: 'local', why: `torchx runs its scheduler ${named} on this host, and waits for it` };
  return { platform: 'torchx', why: 'the launch command calls torchx run' };
}
