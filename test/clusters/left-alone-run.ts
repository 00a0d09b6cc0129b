/**
 * A whole run on each cluster whose engine goes away while jobs run, by Ctrl+C and by `stop`: jobs go on, what ended
 * meanwhile is collected, and `cancel` and `stop --cancel-jobs` end jobs at their scheduler.
 */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exitOf } from '../support/command-run.js';
import { HeldRun } from '../support/held-run.js';
import { onPlace, PLACES, type Place, Servers } from '../support/platforms/places.js';

const SEEDS = ['000_baseline', '000_headspace', '001_mtp'];
const [FIRST, SECOND, THIRD] = ['002_c2_b16', '003_c3_b16', '004_c4_b16'] as const;
const PLANNED = [FIRST, SECOND, THIRD];

/** Those whose jobs somebody else holds. What torchx starts on this host is an ordinary job of it. */
const HERE = ['this host', 'torchx on this host'];
const ELSEWHERE = PLACES.filter(({ name }) => !HERE.includes(name));

let servers: Servers;

describe('jobs of a run', { timeout: 600_000 }, () => {
  beforeAll(async () => {
    servers = await Servers.start();
  }, 300_000);
  afterAll(() => servers?.stop());

  for (const place of ELSEWHERE) {
    it.runIf(place.missing === null)(
      `outlive its engine, and end when they are told to, on ${onPlace(place)}`,
      async () => {
        const limits = ['--max-iterations', '1', '--max-concurrency', '3'];
        await using held = await HeldRun.create({
          planSize: 3,
          flags: [...place.flags, ...limits],
          env: place.env(servers),
        });
        const { run } = held;
        const first = run.firstFlags();
        first[first.indexOf('--base-launch-command') + 1] = place.launch(join(run.source, 'train.py'));
        await held.letEnd(...SEEDS);

        const engine = held.start(...first);
        const interrupted = exitOf(engine);
        for (const nodeId of PLANNED) await held.untilStarted(nodeId);
        engine.kill('SIGINT');
        expect(await interrupted).toMatchObject({ code: 130 });
        await expectRunning(held, place, PLANNED);

        // It ends while no engine works.
        await held.letEnd(FIRST);
        await untilGone(held, FIRST);
        const next = held.start();
        const stopped = exitOf(next);
        expect(await held.until('experiment_completed', FIRST)).toMatchObject({
          result: { metrics: { throughput_samples_per_s: 118 } },
        });
        expect(await held.command('stop')).toMatchObject({ engine_ended: true });
        expect(await stopped).toMatchObject({ code: 130 });
        await expectRunning(held, place, [SECOND, THIRD]);

        const { length } = await held.eventsOf('resumed');
        const last = exitOf(held.start());
        while ((await held.eventsOf('resumed')).length === length) await sleep(50);
        await held.command('cancel', SECOND);
        expect(await held.until('experiment_cancelled', SECOND)).toMatchObject({
          failure: { kind: 'cancelled', message: 'cancelled by a person' },
        });
        await expectRunning(held, place, [THIRD]);
        await held.command('stop', '--cancel-jobs');
        expect(await held.until('experiment_cancelled', THIRD)).toMatchObject({ failure: { kind: 'cancelled' } });
        const { code, output } = await last;
        expect(code, output).toBe(0);
        await expectRunning(held, place, []);

        // Nothing was started twice.
        const started = (await run.jobLedger()).filter(({ event }) => event === 'start').map(({ node }) => node);
        expect(started.sort()).toEqual([...SEEDS, ...PLANNED]);
      },
    );
  }
});

/** These run, and no others, by their processes and by their scheduler's word. */
async function expectRunning(held: HeldRun, place: Place, nodeIds: readonly string[]): Promise<void> {
  for (const nodeId of PLANNED) {
    if (nodeIds.includes(nodeId)) expect(await held.livingOf(nodeId), nodeId).not.toEqual([]);
    else await untilGone(held, nodeId);
  }
  const { run_id } = (await held.run.json('config.json')) as { run_id: string };
  const names = nodeIds.map((nodeId) => `ar-${run_id}-${nodeId}`);
  // A scheduler hears of an end a little later than it is one.
  await expect
    .poll(async () => (await place.running!(servers)).filter((name) => name.includes(run_id)).sort(), {
      timeout: 60_000,
      interval: 200,
    })
    .toEqual(names);
}

async function untilGone(held: HeldRun, nodeId: string): Promise<void> {
  while ((await held.livingOf(nodeId)).length > 0) await sleep(50);
}
