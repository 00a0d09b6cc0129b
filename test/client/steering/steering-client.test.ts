/** Messages that the server gives up, or the engine refuses: what the sender does, and hears. */

import { writeFile } from 'node:fs/promises';
import { type Client, ServiceError, WorkflowUpdateRPCTimeoutOrCancelledError } from '@temporalio/client';
import { describe, expect, it } from 'vitest';
import { Refusal } from '../../../client/output/refusal.js';
import { sendUpdate, steer } from '../../../client/steering/steering-client.js';
import { pauseUpdate } from '../../../domain/protocol/messages.js';
import type { Receipt } from '../../../domain/protocol/steering-messages.js';
import { openRunLog } from '../../../workdir/event-log.js';
import { syntheticRun } from '../../support/run-events.js';
import { SmallDisk } from '../../support/small-disk.js';
import { syntheticWorkdir } from '../../support/synthetic-workdir.js';

/** Of gRPC. */
const FAILED_PRECONDITION = 9;
const UNAVAILABLE = 14;
const why = await SmallDisk.problem();
const RUN = syntheticRun({ followUps: 2 });

/** As the client of Temporal throws it. */
function serverError(code: number, details: string): ServiceError {
  const cause = Object.assign(new Error(`${code}: ${details}`), { code, details, metadata: {} });
  return new ServiceError('Workflow Update failed', { cause });
}

const GIVEN_UP = serverError(
  FAILED_PRECONDITION,
  'Unable to perform workflow execution update due to unexpected workflow task failure.',
);

async function sent(...answers: (Receipt | Error)[]) {
  return await sentFrom(await syntheticWorkdir(RUN), answers);
}

async function sentFrom(
  { workdir, context }: Awaited<ReturnType<typeof syntheticWorkdir>>,
  answers: (Receipt | Error)[],
) {
  const ids: (string | undefined)[] = [];
  const executeUpdate = async (_: string, { updateId }: { updateId?: string }) => {
    ids.push(updateId);
    const answer = answers.shift()!;
    if (answer instanceof Error) throw answer;
    return answer;
  };
  const waits: number[] = [];
  const client = {
    withDeadline: (deadline: number, act: () => unknown) => {
      waits.push(deadline - Date.now());
      return act();
    },
    workflow: { getHandle: () => ({ executeUpdate }) },
  } as unknown as Client;
  const options = { request: 'r', about: { field: 'workdir', value: 'w' }, timeoutMs: 60_000 };
  const receipt = await sendUpdate(client, { workdir, config: context.config }, pauseUpdate, [], options).catch(
    (error: unknown) => error,
  );
  return { receipt, ids, waits };
}

it('is sent again, under its id, when the task that had taken it failed', async () => {
  const done = { accepted: true, message: 'paused' };
  const { receipt, ids } = await sent(GIVEN_UP, GIVEN_UP, done);
  expect({ receipt, ids }).toEqual({ receipt: done, ids: ['pause-r', 'pause-r', 'pause-r'] });
});

it('has a receipt with a command that can be given as it stands', async () => {
  const place = await syntheticWorkdir(RUN);
  const answer = { accepted: true, message: 'interrupted: `autoresearch run <workdir>` goes on' };
  const { receipt } = await sentFrom(place, [answer]);
  expect(receipt).toMatchObject({ message: `interrupted: \`autoresearch run ${place.workdir.root}\` goes on` });
});

it.each([true, false])(
  'does nothing in place of an engine on a server that is not told (run open: %s)',
  async (isOpen) => {
    const run = syntheticRun({ followUps: 2, stopped: !isOpen });
    const { workdir } = await syntheticWorkdir(run);
    await openRunLog(workdir).append(run.events);
    const owner = { kind: 'configured', address: 'cluster:7233', cluster: '', namespace: 'team', namespace_id: '' };
    await writeFile(workdir.logOwner, JSON.stringify({ ...owner, chain: 'c', since: '2026-11-30T20:29:04Z' }));
    const done = { accepted: true, message: 'done to the log' };
    const options = { about: { field: 'workdir', value: 'w' }, otherwise: async () => done };
    const receipt = await steer(workdir.root, pauseUpdate, [], options).catch((error: Error) => error.message);
    const named = /on a Temporal server of its own \(cluster:7233, namespace team\): .*TEMPORAL_ADDRESS/;
    expect(receipt).toEqual(isOpen ? expect.stringMatching(named) : done);
  },
);

it('is not sent again for another reason', async () => {
  const { receipt, ids } = await sent(serverError(FAILED_PRECONDITION, 'the namespace is being deleted'));
  expect(receipt).toBeInstanceOf(ServiceError);
  expect(ids).toHaveLength(1);
});

it('is refused in words when the server goes away before its receipt', async () => {
  const { receipt, ids } = await sent(serverError(UNAVAILABLE, 'No connection established. Last error: ECONNREFUSED'));
  expect(receipt).toBeInstanceOf(Refusal);
  expect(receipt).toMatchObject({
    exitCode: 3,
    advice: expect.stringMatching(/^its Temporal server went away before the receipt came.*`autoresearch status /),
  });
  expect(ids).toHaveLength(1);
});

describe('on a full disk', () => {
  it('names it when what goes with the message cannot be written', async () => {
    const { workdir } = await syntheticWorkdir(RUN);
    const otherwise = async () => {
      throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
    };
    const told = steer(workdir.root, pauseUpdate, [], { about: { field: 'workdir', value: 'w' }, otherwise });
    await expect(told).rejects.toThrow(/^the disk is full \(.*\): make room, then give the command again/);
  });

  it.skipIf(why !== null)(
    `names it within seconds when no receipt comes${why === null ? '' : ` (${why})`}`,
    async () => {
      const place = await syntheticWorkdir(RUN);
      await using disk = await SmallDisk.mount(place.workdir.root, 2);
      await disk.fill();
      const noReceipt = () => new WorkflowUpdateRPCTimeoutOrCancelledError('no receipt');
      const { receipt, waits } = await sentFrom(place, [noReceipt()]);
      expect(waits[0]).toBeLessThanOrEqual(5_000);
      await disk.makeRoom();
      expect((await sentFrom(await syntheticWorkdir(RUN), [noReceipt()])).waits[0]).toBeGreaterThan(50_000);
      expect(receipt).toMatchObject({
        exitCode: 3,
        advice: expect.stringMatching(
          /^its engine does not answer, as the disk is full \(0\.0 MiB are free where .*: make room/,
        ),
      });
    },
  );
});
