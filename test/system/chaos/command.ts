/** `npm run chaos -- --kills N --seed S`: its arguments, and its exit code. */
import { parseArgs } from 'node:util';
import { campaign, type Part } from './campaign.js';
import { VICTIMS, type Victim } from './phases.js';
import { campaignReport } from './report.js';

const USAGE = `usage: npm run chaos -- --kills N --seed S [--part K/N] [--victim V…]
  --kills N   kills in all, a whole number from 1 to 10000
  --seed S    what decides about phases, victims and moments, a whole number from 0 to 4294967295
  --part K/N  every N-th run of the campaign, from the K-th on: the parts together are the whole
  --victim V  only this victim where a phase has it; may be given again: ${VICTIMS.join(', ')}`;

export interface ChaosArguments {
  kills: number;
  seed: number;
  victims: Victim[];
  part: Part;
}

/** A string says what is wrong with them. */
export function chaosArguments(argv: readonly string[]): ChaosArguments | string {
  try {
    const string = { type: 'string' } as const;
    const options = { kills: string, seed: string, part: string, victim: { ...string, multiple: true } } as const;
    const { values } = parseArgs({ args: [...argv], options });
    const kills = wholeNumber('--kills', values.kills, 1, 10_000);
    const seed = wholeNumber('--seed', values.seed, 0, 2 ** 32 - 1);
    return { kills, seed, victims: (values.victim ?? []).map(victim), part: partOf(values.part ?? '1/1') };
  } catch (error) {
    return `error: ${(error as Error).message}\n${USAGE}`;
  }
}

function wholeNumber(name: string, text: string | undefined, least: number, most: number): number {
  const value = text !== undefined && /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw new RangeError(
    `${name}: ${text === undefined ? 'missing' : JSON.stringify(text)}: a whole number from ${least} to ${most}`,
  );
}

function partOf(text: string): Part {
  const [number = 0, of = 0] = (/^(\d+)\/(\d+)$/.exec(text)?.slice(1) ?? []).map(Number);
  if (number >= 1 && number <= of) return { number, of };
  throw new RangeError(`--part: ${JSON.stringify(text)}: K/N with K from 1 to N`);
}

function victim(name: string): Victim {
  const known = VICTIMS.find((each) => each === name);
  if (known !== undefined) return known;
  throw new RangeError(`--victim: ${JSON.stringify(name)}: one of ${VICTIMS.join(', ')}`);
}

/** By convention: wrong arguments. */
const EXIT_USAGE = 2;

export async function chaos(argv: readonly string[]): Promise<number> {
  const args = chaosArguments(argv);
  if (typeof args === 'string') {
    process.stderr.write(`${args}\n`);
    return EXIT_USAGE;
  }
  const startedAtMs = Date.now();
  const say = (line: string) => process.stdout.write(`${line}\n`);
  const runs = await campaign({ ...args, say });
  const played = runs.reduce((sum, { kills }) => sum + kills.length, 0);
  // How many belong to a part is for the plan to say; what it had no moment for is left out.
  const wanted = args.part.of === 1 ? args.kills : played;
  say(campaignReport(args.seed, wanted, runs, (Date.now() - startedAtMs) / 1000));
  return runs.every(({ problems }) => problems.length === 0) && played === wanted ? 0 : 1;
}
