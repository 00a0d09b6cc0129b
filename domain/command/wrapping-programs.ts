/** Programs and assignments that stand in front of a command, and start it: `A=1 nice -n 5 timeout 60 sbatch x.sh`. */

interface Word {
  value: string;
}

interface Wrapper {
  /** Options whose value is a word of its own. */
  values?: string;
  /** Words that are needed before the command. */
  operands?: number;
  /** Options with which it starts no command. */
  starts?: string;
}

/** By name; an option that is not named takes no word besides its own. */
const WRAPPERS: Readonly<Record<string, Wrapper>> = {
  chrt: { values: '-T -P -D', operands: 1 },
  command: { starts: '-v -V' },
  doas: { values: '-u -C' },
  env: { values: '-u --unset -C --chdir -S --split-string' },
  exec: { values: '-a' },
  flock: { values: '-w --timeout -E --conflict-exit-code', operands: 1 },
  ionice: { values: '-c --class -n --classdata' },
  nice: { values: '-n --adjustment' },
  nohup: {},
  numactl: {
    values: '-N --cpunodebind -m --membind -C --physcpubind -i --interleave -p --preferred',
  },
  setsid: {},
  stdbuf: { values: '-i --input -o --output -e --error' },
  sudo: { values: '-u --user -g --group -h --host -p --prompt -C -D --chdir -T' },
  taskset: { operands: 1 },
  time: { values: '-f --format -o --output' },
  timeout: { values: '-k --kill-after -s --signal', operands: 1 },
};

export interface Behind<W extends Word> {
  /** Where the command's own program stands; the number of words where there is none. */
  at: number;
  /** Assignments, and `env` with its options. */
  environment: W[];
  through: string[];
}

export function behindWrappers<W extends Word>(words: readonly W[]): Behind<W> {
  const [environment, through]: [W[], string[]] = [[], []];
  let at = 0;
  while (at < words.length) {
    const word = words[at]!;
    const name = word.value.split('/').at(-1)!;
    if (isAssignment(word.value)) {
      environment.push(word);
      at += 1;
      continue;
    }
    if (!Object.hasOwn(WRAPPERS, name)) break;
    const end = endOf(words, at + 1, WRAPPERS[name]!);
    if (name === 'env') environment.push(...words.slice(at, end));
    through.push(name);
    at = end;
  }
  return { at, environment, through };
}

export const isAssignment = (word: string) => /^[A-Za-z_]\w*=/.test(word);

/** Behind its options and operands. */
function endOf(words: readonly Word[], from: number, { values = '', operands = 0, starts = '' }: Wrapper): number {
  const [withValue, withoutCommand] = [new Set(values.split(' ')), new Set(starts.split(' '))];
  let at = from;
  for (; at < words.length && /^-./.test(words[at]!.value); at += 1) {
    const { value } = words[at]!;
    if (withoutCommand.has(value)) return words.length;
    if (value === '--') {
      at += 1;
      break;
    }
    if (withValue.has(value)) at += 1;
  }
  return Math.min(words.length, at + operands);
}
