import { randomUUID } from 'node:crypto';
import { appendFile, mkdir } from 'node:fs/promises';
import type { Client } from '@temporalio/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { engineWorkflowId } from '../../domain/run/naming.js';
import { type LogPlace, readLogOwner, writeLogOwner } from '../../workdir/log-owner.js';
import type { Workdir } from '../../workdir/paths.js';
import { claimRun, RunOwnedElsewhere } from '../../worker/claim-run.js';
import { openClient } from '../../worker/connection.js';
import { temporaryWorkdir } from '../support/synthetic-workdir.js';
import { testTarget } from '../support/temporal-env.js';

const ELSEWHERE: LogPlace = {
  kind: 'configured',
  address: 'temporal.example:7233',
  cluster: 'another',
  namespace: 'default',
  namespace_id: 'another',
};
let client: Client;
beforeAll(async () => {
  client = await openClient(testTarget());
});
afterAll(() => client.connection.close());

function claim(workdir: Workdir, run: string, more: { takeOver?: boolean; kind?: 'embedded' | 'configured' } = {}) {
  const { takeOver = false, kind = 'configured' } = more;
  return claimRun({ workdir, run, client, target: { ...testTarget(), kind }, log: () => undefined, takeOver });
}

/** Nobody serves it: it stays open as one that waits for its worker does. */
async function openEngine(run: string): Promise<string> {
  const options = { workflowId: engineWorkflowId(run), taskQueue: run, args: [{ run }] };
  return (await client.workflow.start('engineWorkflow', options)).firstExecutionRunId;
}

async function statusOf(run: string): Promise<string> {
  return (await client.workflow.getHandle(engineWorkflowId(run)).describe()).status.name;
}

test('a run that nobody owned is served, and the server is known by more than its address', async () => {
  const place = await claim(await temporaryWorkdir(), `run-${randomUUID()}`);
  expect(place).toMatchObject({ kind: 'configured', namespace: 'default' });
  expect(place.cluster).not.toBe('');
  expect(place.namespace_id).not.toBe('');
});

test('a run that another server owns is refused with what to do, and taken over when a person says so', async () => {
  const workdir = await temporaryWorkdir();
  const run = `run-${randomUUID()}`;
  await writeLogOwner(workdir, ELSEWHERE, 'chain-there');
  await expect(claim(workdir, run)).rejects.toThrow(RunOwnedElsewhere);
  await expect(claim(workdir, run)).rejects.toThrow(/temporal\.example:7233.*run --take-over/);
  expect(await readLogOwner(workdir)).toMatchObject({ cluster: 'another', chain: 'chain-there' });
  const place = await claim(workdir, run, { takeOver: true });
  expect(await readLogOwner(workdir)).toMatchObject({ ...place, chain: null });
  await claim(workdir, run);
});

test('an open engine that the log has left behind is refused; taking over ends it', async () => {
  const workdir = await temporaryWorkdir();
  const run = `run-${randomUUID()}`;
  const place = await claim(workdir, run);
  const chain = await openEngine(run);
  await writeLogOwner(workdir, place, chain);
  await claim(workdir, run);
  await writeLogOwner(workdir, place, 'a later chain');
  await expect(claim(workdir, run)).rejects.toThrow(/a later engine.*run --take-over/);
  expect(await statusOf(run)).toBe('RUNNING');
  await claim(workdir, run, { takeOver: true });
  expect(await statusOf(run)).toBe('TERMINATED');
});

test('an open engine that began after the owner is served: it was killed before it claimed the log', async () => {
  const workdir = await temporaryWorkdir();
  const run = `run-${randomUUID()}`;
  const place = await claim(workdir, run);
  await writeLogOwner(workdir, place, await openEngine(run));
  await client.workflow.getHandle(engineWorkflowId(run)).terminate('by hand');
  await openEngine(run);
  await claim(workdir, run);
  expect(await statusOf(run)).toBe('RUNNING');
});

test('the database of the own server may be made anew: its engine is gone with it', async () => {
  const workdir = await temporaryWorkdir();
  const run = `run-${randomUUID()}`;
  await writeLogOwner(workdir, { ...ELSEWHERE, kind: 'embedded' }, 'gone');
  await claim(workdir, run, { kind: 'embedded' });
  expect(await readLogOwner(workdir)).toMatchObject({ kind: 'embedded', chain: null });
  await writeLogOwner(workdir, { ...ELSEWHERE, kind: 'embedded' }, 'gone');
  // An older database that was put back holds an engine that does not know what followed.
  await openEngine(run);
  await expect(claim(workdir, run, { kind: 'embedded' })).rejects.toThrow(RunOwnedElsewhere);
  await claim(workdir, run, { kind: 'embedded', takeOver: true });
});

test('a workdir of an earlier version with a database of its own is not served by a cluster unasked', async () => {
  const workdir = await temporaryWorkdir();
  await mkdir(workdir.engine, { recursive: true });
  await appendFile(workdir.at('engine', 'temporal.db'), '');
  await appendFile(workdir.events, '{}\n');
  await expect(claim(workdir, `run-${randomUUID()}`)).rejects.toThrow(/the workdir's own Temporal server/);
});
