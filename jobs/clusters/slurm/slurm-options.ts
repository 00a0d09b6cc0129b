/** The options of sbatch, srun and salloc as their words, by the rules of getopt_long, from which both read them. */

/** A word of a shell text: as it is written, and without its quotes. */
export interface Word {
  raw: string;
  value: string;
}

export interface SlurmOption {
  /** The long name. */
  name: string;
  /** Null where none is given. */
  value: string | null;
  /** The same option, for a shell. */
  raw: string;
}

/** Behind a name, `=` stands for a value, `?` for one that may be left out. */
const BOTH = `
  account= A acctg-freq= bb= bbf= batch= begin= b cluster-constraint= clusters= M comment= constraint= C container=
  container-id= contiguous core-spec= S cores-per-socket= cpu-freq= cpus-per-gpu= cpus-per-task= c deadline= delay-boot=
  dependency= d distribution= m chdir= D error= e exclude= x exclusive? export= extra= extra-node-info= B gpu-bind=
  gpu-freq= gpus= G gpus-per-node= gpus-per-socket= gpus-per-task= gres= gres-flags= help h hint= hold H input= i
  job-name= J licenses= L mail-type= mail-user= mcs-label= mem= mem-bind= mem-per-cpu= mem-per-gpu= mincpus= network=
  nice? no-kill? k nodefile= F nodelist= w nodes= N ntasks= n ntasks-per-core= ntasks-per-gpu= ntasks-per-node=
  ntasks-per-socket= open-mode= output= o overcommit O oversubscribe s partition= p power= prefer= priority= profile=
  propagate? qos= q quiet Q reboot reservation= segment= signal= sockets-per-node= spread-job stepmgr switches=
  thread-spec= threads-per-core= time= t time-min= tmp= tres-bind= tres-per-task= usage use-min-nodes verbose v version V
  wckey= gid= uid=`;
const OF_SBATCH = `array= a export-file= get-user-env? ignore-pbs kill-on-invalid-dep= no-requeue parsable requeue
  test-only tres-per-job= wait W wrap=`;
const OF_SRUN = `accel-bind= bcast? bcast-exclude= compress? cpu-bind= disable-status X epilog= exact het-group=
  immediate? I interactive jobid= kill-on-bad-exit? K label l mpi= msg-timeout= multi-prog no-allocate Z overlap
  preserve-env E prolog= pty? quit-on-interrupt relative= r resv-ports? send-libs? slurmd-debug= task-epilog=
  task-prolog= test-only threads= T treewidth= unbuffered u wait= W whole`;

const OF_SALLOC = `bell immediate? I interactive kill-command? K no-bell no-shell wait-all-nodes= x11?`;

type Takes = 'nothing' | 'a value' | 'perhaps a value';

class OptionTable {
  private readonly takes = new Map<string, Takes>();
  private readonly short = new Map<string, string>();

  constructor(text: string) {
    let last = '';
    for (const word of text.trim().split(/\s+/)) {
      if (word.length === 1) {
        this.short.set(word, last);
        continue;
      }
      last = word.replace(/[=?]$/, '');
      this.takes.set(last, word.endsWith('=') ? 'a value' : word.endsWith('?') ? 'perhaps a value' : 'nothing');
    }
  }

  /** The full name of a long option, which may be shortened as long as one is meant. */
  longName(given: string): string {
    if (this.takes.has(given)) return given;
    const meant = [...this.takes.keys()].filter((name) => name.startsWith(given));
    return meant.length === 1 ? meant[0]! : given;
  }

  shortName(letter: string): string {
    return this.short.get(letter) ?? letter;
  }

  takesOf(name: string): Takes {
    return this.takes.get(name) ?? 'nothing';
  }
}

const TABLES = {
  sbatch: new OptionTable(`${BOTH} ${OF_SBATCH}`),
  srun: new OptionTable(`${BOTH} ${OF_SRUN}`),
  salloc: new OptionTable(`${BOTH} ${OF_SALLOC}`),
};

/** The options in front, and the words from the first on that is none. */
export function splitOptions<W extends Word>(
  program: keyof typeof TABLES,
  words: readonly W[],
): { options: SlurmOption[]; rest: readonly W[] } {
  const table = TABLES[program];
  const options: SlurmOption[] = [];
  let at = 0;
  for (; at < words.length; at++) {
    const word = words[at]!;
    if (word.value === '--') return { options, rest: words.slice(at + 1) };
    if (!/^-./.test(word.value)) break;
    const { found, wantsValue } = word.value.startsWith('--') ? longOption(table, word) : shortOptions(table, word);
    options.push(...found);
    const last = options.at(-1)!;
    const next = words[at + 1];
    if (!wantsValue || next === undefined) continue;
    options[options.length - 1] = { name: last.name, value: next.value, raw: `${last.raw} ${next.raw}` };
    at++;
  }
  return { options, rest: words.slice(at) };
}

interface Found {
  found: SlurmOption[];
  /** The last one's value is the next word. */
  wantsValue: boolean;
}

function longOption(table: OptionTable, { raw, value }: Word): Found {
  const [, given = '', joined] = /^--([^=]*)(?:=(.*))?$/s.exec(value) ?? [];
  const name = table.longName(given);
  const wantsValue = joined === undefined && table.takesOf(name) === 'a value';
  return { found: [{ name, value: joined ?? null, raw }], wantsValue };
}

/** `-HQ`, `-n4`, `-n 4`. */
function shortOptions(table: OptionTable, { raw, value }: Word): Found {
  const found: SlurmOption[] = [];
  for (let at = 1; at < value.length; at++) {
    const letter = value[at]!;
    const name = table.shortName(letter);
    const takes = table.takesOf(name);
    const rest = value.slice(at + 1);
    if (takes === 'nothing' || (takes === 'perhaps a value' && rest === '')) {
      found.push({ name, value: null, raw: `-${letter}` });
      continue;
    }
    const joined = rest.replace(/^=/, '');
    found.push({ name, value: rest === '' ? null : joined, raw: `-${letter}${raw.slice(at + 1)}` });
    return { found, wantsValue: rest === '' };
  }
  return { found, wantsValue: false };
}

/** A `:` between words begins the next part of a heterogeneous job. */
export function refuseSeveralParts(program: string, words: readonly Pick<Word, 'value'>[]): void {
  if (words.some(({ value }) => value === ':')) throw new Error(`${program} … : … ${SEVERAL_PARTS}`);
}

export const SEVERAL_PARTS =
  'asks for a heterogeneous job, whose parts have allocations of their own; an experiment is one job with one allocation: ask for one that holds all parts (srun --het-group is then not needed), or submit by a file of commands (docs/platforms.md)';
