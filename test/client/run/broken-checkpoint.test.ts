/** checkpoint.json is made from the log: a broken one stops no run, and what is left of it is kept. */
import { readFile, writeFile } from 'node:fs/promises';
import { beforeEach, expect, it } from 'vitest';
import { prepareRun } from '../../../client/run/prepare-run.js';
import { readTextIfAny } from '../../../host/atomic-file.js';
import { openRunLog } from '../../../workdir/event-log.js';
import { agentCommandsOnPath } from '../../support/agents/agent-commands.js';
import { syntheticRun } from '../../support/run-events.js';
import { syntheticWorkdir } from '../../support/synthetic-workdir.js';

beforeEach(agentCommandsOnPath);

it.each([
  ['emptied', '', null],
  ['cut off', '{"status": "interrupted", "queued": [', 'kept'],
  ['no object', '[]', 'kept'],
])('one that is %s is made anew, and said so', async (_, text, left) => {
  const run = syntheticRun({ followUps: 3 });
  const { workdir } = await syntheticWorkdir(run);
  await openRunLog(workdir).append(run.events);
  await writeFile(workdir.checkpoint, text);
  const { edits, notices } = await prepareRun(workdir.root, {});
  expect(edits).toEqual([]);
  expect(notices).toEqual([expect.stringContaining(`${workdir.checkpoint} `)]);
  expect(notices[0]).toContain('made anew from the event log');
  expect(await readTextIfAny(workdir.checkpoint)).toBeNull();
  if (left !== null) expect(await readFile(`${workdir.checkpoint}.unreadable`, 'utf8')).toBe(text);
  expect((await prepareRun(workdir.root, {})).notices).toEqual([]);
});
