/** Which workers count as living, which servers know versions of workers, and who asks for none. */
import { spawnSync } from 'node:child_process';
import { hostname } from 'node:os';
import type { Client } from '@temporalio/client';
import { expect, it } from 'vitest';
import { askedVersioning } from '../../worker/deployment.js';
import { isLivingPoller, knowsVersions } from '../../worker/version-routing.js';

const NOW_MS = 1_700_000_000_000;
const dead = spawnSync('true').pid;

it.each([
  ['one of this host', `autoresearch 1, ${process.pid}@${hostname()}`, 30, true],
  ['one of this host that was killed', `autoresearch 1, ${dead}@${hostname()}`, 1, false],
  ['one of another host', `autoresearch 1, ${dead}@elsewhere`, 80, true],
  ['one that polls no more', `autoresearch 1, ${process.pid}@${hostname()}`, 100, false],
  ['one that says nothing of itself', '', 30, true],
] as const)('tells %s', (_, identity, agoS, isLiving) => {
  const lastAccessTime = { seconds: (NOW_MS / 1000 - agoS) as never };
  expect(isLivingPoller({ identity, lastAccessTime }, NOW_MS)).toBe(isLiving);
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
