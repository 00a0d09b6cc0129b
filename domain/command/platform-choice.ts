/** Which platform a launch command is for, and why, where a person leaves that open. */
import { type Call, calledPrograms } from './called-programs.js';
import { isManifestName, submitsByKubectl } from './kubectl-command.js';

export interface PlatformChoice {
  platform: 'local' | 'slurm' | 'torchx' | 'kubernetes';
  /** For a person. */
  why: string;
}

/** Schedulers whose jobs torchx runs on the host where it is called, and waits for. */
const TORCHX_HERE = /^local_/;
/** Of torchx itself, in front of its command. */
const TORCHX_WITH_VALUE = new Set(['--log_level']);
const OF_SLURM = new Set(['sbatch', 'srun', 'salloc']);
/** They start a program elsewhere, or one for each line that they read. */
const STARTS_ELSEWHERE = /^(?:ssh|rsh|xargs|parallel|watch)$/;

export function choosePlatform(launchCommand: string): PlatformChoice {
  for (const call of calledPrograms(launchCommand)) {
    const { program, own, args } = call;
    if (program === '') continue;
    if (OF_SLURM.has(program)) return { platform: 'slurm', why: `the launch command calls ${program}` };
    if (startsSbatch(call)) return { platform: 'slurm', why: `the launch command calls sbatch through ${program}` };
    const torchx = torchxArguments(call);
    if (torchx !== null) return torchxChoice(torchx);
    const words = [own, ...args].map(({ value }) => value);
    if (submitsByKubectl(words)) return { platform: 'kubernetes', why: 'the launch command calls kubectl' };
    if (isManifestName(own.value) && args.length === 0)
      return { platform: 'kubernetes', why: `the launch command is a manifest, ${program}` };
  }
  return { platform: 'local', why: 'the launch command names no scheduler' };
}

/** `ssh login sbatch x.sh`: it submits, though not from here. */
export function startsSbatch({ program, args }: Call): boolean {
  return STARTS_ELSEWHERE.test(program) && args.some(({ value }) => /^(?:\S*\/)?sbatch(?:\s|$)/.test(value));
}

/** The words behind `torchx run`, also of `python -m torchx`; null where the call is another one. */
export function torchxArguments({ program, args }: Call): string[] | null {
  const all = args.map(({ value }) => value);
  const isModule = /^python[\d.]*$/.test(program);
  const module = isModule
    ? all.findIndex((word, at) => word === '-m' && /^torchx(?:\.|$)/.test(all[at + 1] ?? ''))
    : -1;
  if (module < 0 && program !== 'torchx') return null;
  let at = module < 0 ? 0 : module + 2;
  while (all[at]?.startsWith('-')) at += TORCHX_WITH_VALUE.has(all[at]!) ? 2 : 1;
  return all[at] === 'run' ? all.slice(at + 1) : null;
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
