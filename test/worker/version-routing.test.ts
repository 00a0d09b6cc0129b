/** Which workers count as living, which servers know versions of workers, and who asks for none. */
import { spawnSync } from 'node:child_process';
import type { Client } from '@temporalio/client';
import { expect, it } from 'vitest';
import { hostMark, thisHost } from '../../host/host-identity.js';
import { askedVersioning } from '../../worker/deployment.js';
import { adoptLeftExecutions, isLivingPoller, knowsVersions } from '../../worker/version-routing.js';
import { workerIdentity } from '../../worker/worker-identity.js';

const NOW_MS = 1_700_000_000_000;
const here = await thisHost();
const own = workerIdentity('1', here);
const dead = spawnSync('true').pid;
const gone = own.replace(`${process.pid}@`, `${dead}@`);
const beforeReboot = { ...here, boot: 'another' };

it.each([
  ['one of this host', own, 30, true],
  ['one of this host that was killed', gone, 1, false],
  ['one of another host', `autoresearch 1, ${dead}@elsewhere`, 80, true],
  ['one of a host of the same name', gone.replace(hostMark(here), hostMark(beforeReboot)), 80, true],
  ['one that polls no more', own, 100, false],
  ['one that says nothing of itself', '', 30, true],
] as const)('tells %s', (_, identity, agoS, isLiving) => {
  const lastAccessTime = { seconds: (NOW_MS / 1000 - agoS) as never };
  expect(isLivingPoller({ identity, lastAccessTime }, here, NOW_MS)).toBe(isLiving);
});

it('adopts what a version left behind whose last worker polled long ago', async () => {
  const asked: unknown[] = [];
  const pollers = [30, 300].map((agoS) => ({
    identity: own,
    lastAccessTime: { seconds: Date.now() / 1000 - agoS },
    deploymentOptions: { buildId: `polled ${agoS} s ago` },
  }));
  const workflow = {
    list: () => pollers.map(({ deploymentOptions }) => ({ workflowId: deploymentOptions.buildId, runId: 'r' })),
    getHandle: (workflowId: string) => ({
      describe: async () => ({
        raw: { workflowExecutionInfo: { versioningInfo: { deploymentVersion: { buildId: workflowId } } } },
      }),
    }),
  };
  const workflowService = {
    describeTaskQueue: async () => ({ pollers }),
    updateWorkflowExecutionOptions: async (request: unknown) => asked.push(request),
  };
  const client = { options: { namespace: 'default' }, workflow, workflowService } as unknown as Client;
  const moved = await adoptLeftExecutions({ client, run: 'demo', buildId: 'own', say: () => undefined });
  expect(moved).toEqual(['polled 300 s ago']);
  expect(asked).toHaveLength(1);
});

function serverThatAnswers(code: number): Client {
  const describeWorkerDeployment = async () => {
    throw Object.assign(new Error('refused'), { code });
  };
  return { options: { namespace: 'default' }, workflowService: { describeWorkerDeployment } } as unknown as Client;
}

it.each([
  ['has not seen this run', 5, true],
  ['has turned them off', 7, false],
  ['is older than they are', 12, false],
] as const)('asks a server that %s whether it knows versions', async (_, code, knows) => {
  expect(await knowsVersions(serverThatAnswers(code), 'demo')).toBe(knows);
});

it('takes no other difficulty for an answer', async () => {
  await expect(knowsVersions(serverThatAnswers(14), 'demo')).rejects.toThrow('refused');
});

it('serves a version unless it is told not to', () => {
  expect(askedVersioning({})).toEqual({ buildId: expect.stringMatching(/./) });
  expect(askedVersioning({ AUTORESEARCH_WORKER_VERSIONING: 'off' })).toBeNull();
  expect(() => askedVersioning({ AUTORESEARCH_WORKER_VERSIONING: 'maybe' })).toThrow(
    'AUTORESEARCH_WORKER_VERSIONING must be on or off, not "maybe"',
  );
});
