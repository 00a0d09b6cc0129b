/** What doctor says of a workdir's engine when nobody serves its run. */
import { expect, it } from 'vitest';
import { engine } from '../../../client/doctor/workdir-checks.js';
import type { EngineEvent } from '../../../domain/run/event-types.js';
import { openRunLog } from '../../../workdir/event-log.js';
import { syntheticRun } from '../../support/run-events.js';
import { syntheticWorkdir } from '../../support/synthetic-workdir.js';

const RUN = syntheticRun({ followUps: 2, stopped: true });

async function found(...more: EngineEvent['type'][]) {
  const { workdir } = await syntheticWorkdir(RUN);
  const { seq, atMs } = RUN.events.at(-1)!;
  const last = more.map((type, at) => ({ seq: seq + 1 + at, atMs, type })) as EngineEvent[];
  await openRunLog(workdir).append([...RUN.events, ...last]);
  return { workdir, finding: await engine(workdir) };
}

it('is at rest once a run has ended with its reports', async () => {
  expect((await found('reported')).finding).toMatchObject({ state: 'note', found: 'not running; the run is stopped' });
});

it('is missed when it went before the reports of a run that has ended', async () => {
  const { workdir, finding } = await found();
  expect(finding).toMatchObject({
    state: 'note',
    found: 'not running; the run is stopped, and its last reports are not made',
  });
  expect(finding.advice).toBe(`go on with \`autoresearch run ${workdir.root}\`: it makes them`);
});
