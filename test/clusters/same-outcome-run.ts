/**
 * The same run of fifteen experiments on this host, on a real Slurm, on the API server of Kubernetes and a stand-in for
 * it, and through torchx, on this host, on Slurm and on a scheduler of its own: wherever its jobs run, a run comes to
 * the same outcome.
 */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CommandRun, exitOf } from '../support/command-run.js';
import { onPlace, PLACES, Servers } from '../support/platforms/places.js';

/** As train.py of the project works it out. */
const rate = (concurrency: number, batch: number) =>
  Number(((1500 / (1 + ((concurrency - 3) / 4) ** 2)) * (batch / (batch + 12))).toFixed(2));
/** What the scripted agent proposes in four rounds of three. */
const PROPOSED = [16, 32].flatMap((batch) => [2, 3, 4, 6, 12, 16].map((concurrency) => ({ concurrency, batch })));
const EXPECTED = [
  ['000_baseline', 'completed', rate(8, 16)],
  ['000_headspace', 'completed', 3400],
  ['001_mtp', 'completed', rate(8, 16)],
  ...PROPOSED.map(({ concurrency, batch }, index) => [
    `${String(index + 2).padStart(3, '0')}_c${concurrency}_b${batch}`,
    'completed',
    rate(concurrency, batch),
  ]),
];
const OUTCOME = {
  experiments: EXPECTED,
  jobs: EXPECTED.map(([nodeId]) => nodeId),
  stop: 'max_iterations',
  best: '009_c3_b32',
};
let servers: Servers;

describe('fifteen experiments', () => {
  beforeAll(async () => {
    servers = await Servers.start();
  }, 300_000);
  afterAll(() => servers?.stop());

  for (const place of PLACES) {
    it.runIf(place.missing === null)(
      `have the same outcome on ${onPlace(place)}`,
      async () => {
        const limits = ['--max-iterations', '4', '--patience', '9', '--max-concurrency', '3'];
        const asked = { flags: [...place.flags, ...limits], env: place.env(servers) };
        await using run = await CommandRun.create({ jobSeconds: 0.5, planSize: 3, ...asked });
        const first = run.firstFlags();
        first[first.indexOf('--base-launch-command') + 1] = place.launch(join(run.source, 'train.py'));
        const { code, output } = await exitOf(run.start(...first));
        expect(code, output).toBe(0);
        expect(EXPECTED).toHaveLength(15);
        expect(await outcome(run)).toEqual(OUTCOME);
      },
      900_000,
    );
  }
});

async function outcome(run: CommandRun) {
  const events = await run.events();
  const ends = events.flatMap((event) => {
    if (event.type === 'experiment_completed')
      return [[event.nodeId, 'completed', event.result.metrics.throughput_samples_per_s]];
    if (event.type === 'experiment_failed' || event.type === 'experiment_cancelled')
      return [[event.nodeId, event.type, event.failure.kind]];
    return [];
  });
  const started = (await run.jobLedger()).filter(({ event }) => event === 'start').map(({ node }) => node);
  const stop = events.find((event) => event.type === 'stopped');
  const best = events.findLast((event) => event.type === 'best_changed');
  return {
    experiments: ends.sort(([a], [b]) => String(a).localeCompare(String(b))),
    jobs: started.sort(),
    stop: stop?.type === 'stopped' ? stop.reason : null,
    best: best?.type === 'best_changed' ? best.nodeId : null,
  };
}
