/** The best that the figures allow: three stages with executors of their own, set by hand, and what they give. */
import { percentile } from '../../domain/belief/steady-state.js';
import { productRun } from './product-run.js';

const BEST = [
  { DEMUX_CONCURRENCY: 2, DECODE_CONCURRENCY: 7 },
  { DEMUX_CONCURRENCY: 3, DECODE_CONCURRENCY: 7 },
  { DEMUX_CONCURRENCY: 3, DECODE_CONCURRENCY: 8 },
];
/** A job and nothing else. */
const ONE_JOB = ['--max-experiments', '1', '--calibration-runs', '0', '--confirm-runs', '0', '--verify-runs', '0'];

/** Measured now and then, as what else the machine does slows down runs and yardstick alike. */
export class Yardstick {
  private readonly rates: number[][] = [];

  constructor(private readonly clipSeconds: number) {}

  async measure(): Promise<void> {
    const rates: number[] = [];
    for (const values of BEST) rates.push(await rateOf({ ...values, CLIP_S: this.clipSeconds }));
    this.rates.push(rates);
    const told = rates.map((rate) => rate.toFixed(0)).join(', ');
    console.log(`The best settings by the figures give ${told} samples/s (clips of ${this.clipSeconds} s).`);
  }

  /** Samples a second: the best setting's median. */
  get best(): number {
    return Math.max(
      ...BEST.map(
        (_, i) =>
          percentile(
            this.rates.map((rates) => rates[i]!),
            0.5,
          )!,
      ),
    );
  }
}

async function rateOf(values: Record<string, number>): Promise<number> {
  const { results } = await productRun({
    pipeline: 'source',
    values,
    scriptFlags: '--seed 0',
    agent: 'playbook',
    withModel: true,
    flags: ONE_JOB,
  });
  return results[0]?.rate ?? 0;
}
