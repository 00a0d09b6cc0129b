/** An engine whose history is encrypted, and a process that has other keys, or none. */
import { randomBytes, randomUUID } from 'node:crypto';
import { expect, it, onTestFinished, vi } from 'vitest';
import { engineWorkflowId } from '../../domain/run/naming.js';
import { openClient } from '../../worker/connection.js';
import { codecKeys } from '../../worker/encryption/payload-codec.js';
import { checkKeys, checkSender } from '../../worker/encryption/readable-engine.js';
import { testTarget } from '../support/temporal-env.js';

const KEY = 'AUTORESEARCH_CODEC_KEY';
const newKey = () => randomBytes(32).toString('base64');

async function clientWith(keys: string) {
  vi.stubEnv(KEY, keys);
  const client = await openClient(testTarget());
  onTestFinished(() => client.connection.close());
  return client;
}

it('is refused by the name of the key that it lacks, before it takes up tasks', async () => {
  onTestFinished(() => void vi.unstubAllEnvs());
  const [mine, other] = [newKey(), newKey()];
  const run = `run-${randomUUID()}`;
  const workflowId = engineWorkflowId(run);
  const client = await clientWith(mine);
  await expect(checkKeys(client, run)).resolves.toBeUndefined();
  // Nobody serves it: it stays open as one that waits for its worker does.
  const handle = await client.workflow.start('engineWorkflow', { workflowId, taskQueue: run, args: [{ run }] });
  const [{ id } = { id: '' }] = codecKeys({ [KEY]: mine });
  await expect(checkKeys(client, run)).resolves.toBeUndefined();
  await expect(checkKeys(await clientWith(`${other} ${mine}`), run)).resolves.toBeUndefined();
  const lacks = new RegExp(`cannot be read: .*encrypted with key ${id}, and ${KEY} .*; give the keys`);
  await expect(checkKeys(await clientWith(''), run)).rejects.toThrow(lacks);
  await expect(checkKeys(await clientWith(other), run)).rejects.toThrow(lacks);
  const unknown = `has not used key ${codecKeys({ [KEY]: other })[0]?.id}`;
  await expect(checkSender(await clientWith(`${other} ${mine}`), run)).rejects.toThrow(unknown);
  for (const keys of [`${mine} ${other}`, ''])
    await expect(checkSender(await clientWith(keys), run)).resolves.toBeUndefined();
  // The key was changed, and the new one is missing.
  await (await clientWith(`${other} ${mine}`)).workflow.getHandle(workflowId).signal('note', { text: 'less' });
  await expect(checkKeys(client, run)).rejects.toThrow(`encrypted with key ${codecKeys({ [KEY]: other })[0]?.id}`);
  await handle.terminate();
  await expect(checkKeys(await clientWith(''), run)).resolves.toBeUndefined();
});
