/**
 * A whole run through torchx whose engine dies with torchx itself right after a submission, before either of them has
 * the app on record, and which is interrupted while a job runs.
 */
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CommandRun, exitOf } from '../support/command-run.js';
import { interruptedToItsEnd } from '../support/interrupted-run.js';
import { PLACES, Servers } from '../support/platforms/places.js';
import { onTorchx } from '../support/torchx.js';

const place = PLACES.find(({ name }) => name === "torchx with a company's scheduler")!;
let servers: Servers;

describe.runIf(place.missing === null)(onTorchx('a run through torchx'), () => {
  beforeAll(async () => {
    servers = await Servers.start();
  }, 300_000);
  afterAll(() => servers?.stop());

  it('has one app for each experiment, whatever befalls the engine', async () => {
    const env = place.env(servers);
    const spool = env.AUTORESEARCH_TEST_SPOOL!;
    const flags = [...place.flags, '--max-concurrency', '2', '--max-iterations', '1'];
    await using run = await CommandRun.create({ jobSeconds: 3, planSize: 2, flags, env });
    await writeFile(join(spool, 'kill'), 'main.js');
    const asked = run.firstFlags();
    asked[asked.indexOf('--base-launch-command') + 1] = place.launch(join(run.source, 'train.py'));
    const first = await exitOf(run.start(...asked));
    expect(first.code, first.output).toBe(null);
    const [orphan, ...others] = await readdir(spool);
    expect(others).toEqual([]);
    expect(orphan).toMatch(/000_baseline$/);
    expect((await run.events()).filter(({ type }) => type === 'job_launched')).toEqual([]);

    const nodes = await interruptedToItsEnd(run);
    const { run_id } = (await run.json('config.json')) as { run_id: string };
    expect((await readdir(spool)).sort()).toEqual(nodes.map((node) => `ar-${run_id}-${node}`));
  }, 300_000);
});
