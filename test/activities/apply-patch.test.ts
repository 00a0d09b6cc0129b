/** Code that is made while somebody ends its experiment. */
import { existsSync } from 'node:fs';
import { expect, it } from 'vitest';
import { failure } from '../../domain/run/failure.js';
import { HostileRun, PLANNED } from './hostile-fixture.js';

it('names no commit of an experiment that ended without one, as the log does', async () => {
  const run = await HostileRun.make();
  try {
    const reply = '```json\n{"edits": [{"path": "two.py", "old": "A = 1", "new": "A = 2"}]}\n```';
    for (const [nodeId, isEnded] of [
      ['003_alive', false],
      ['004_ended', true],
    ] as const) {
      const experiment = { ...PLANNED, nodeId, name: nodeId, changeSet: [nodeId] };
      await run.tell({ type: 'experiment_added', experiment });
      const ended = failure('unexpected_exception', 'its workflow was terminated', 1);
      if (isEnded) await run.tell({ type: 'experiment_failed', nodeId, failure: ended, job: {} });
      expect(await run.apply(reply.replace('A = 2', `A = ${nodeId.length}${nodeId[2]}`), experiment)).toMatchObject({
        changed: true,
      });
      expect(existsSync(run.workdir.run(nodeId, 'commit.txt'))).toBe(!isEnded);
    }
  } finally {
    await run.remove();
  }
});
