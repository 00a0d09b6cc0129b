/**
 * With a key a failure that workflow code throws is readable to whoever has the key, by client, UI and `temporal`, and
 * to nobody else.
 */
import { randomBytes } from 'node:crypto';
import { execa } from 'execa';
import { expect, inject, it, onTestFinished, vi } from 'vitest';
import type { EngineInput } from '../../domain/protocol/messages.js';
import { engineWorkflowId } from '../../domain/run/naming.js';
import { AutoresearchCodec, codecKeys } from '../../worker/encryption/payload-codec.js';
import { startCodecServer } from '../../worker/encryption/serve-codec.js';
import { findTemporal } from '../../worker/server/find-temporal.js';
import { FakeRun } from '../support/fake-activities.js';
import { startTestWorker } from '../support/temporal-env.js';

const SAID = /^state\.ledger is missing/;

async function failedEngine() {
  const fake = new FakeRun({ autoEnd: true });
  const worker = await startTestWorker({ activities: fake.activities });
  onTestFinished(() => worker[Symbol.asyncDispose]());
  const { ledger: _, ...state } = fake.state;
  const { client, run, taskQueue } = worker;
  const workflowId = engineWorkflowId(run);
  const args = [{ run, carried: { state, exportedSeq: 0, chartsAtMs: 0 } } as unknown as EngineInput];
  const handle = await client.workflow.start('engineWorkflow', { workflowId, taskQueue, args });
  const heard = await handle.result().then(
    () => '',
    (error: { cause?: Error }) => error.cause?.message ?? '',
  );
  const { events } = await handle.fetchHistory();
  const failure = events?.at(-1)?.workflowExecutionFailedEventAttributes?.failure;
  return { workflowId, heard, onWire: failure?.message ?? '', stack: failure?.stackTrace ?? '' };
}

it('without a key it travels as it is', async () => {
  const { heard, onWire } = await failedEngine();
  expect(heard).toMatch(SAID);
  expect(onWire).toMatch(SAID);
});

it('with a key nothing of it can be read on the server, and `temporal` reads it by way of the codec server', async () => {
  vi.stubEnv('AUTORESEARCH_CODEC_KEY', randomBytes(32).toString('base64'));
  onTestFinished(() => void vi.unstubAllEnvs());
  const { workflowId, heard, onWire, stack } = await failedEngine();
  expect(heard).toMatch(SAID);
  expect({ onWire, stack }).toEqual({ onWire: 'Encoded failure', stack: '' });
  const server = await startCodecServer({ codec: new AutoresearchCodec(codecKeys()), port: 0, origins: [] });
  onTestFinished(() => server[Symbol.asyncDispose]());
  const show = ['workflow', 'show', '--workflow-id', workflowId, '--address', inject('temporalAddress'), '-o', 'json'];
  const temporal = await findTemporal();
  const { stdout: sealed } = await execa(temporal, show);
  const { stdout: plain } = await execa(temporal, [...show, '--codec-endpoint', server.url]);
  expect([attributesIn(sealed), attributesIn(plain)].map((text) => text.includes('is missing'))).toEqual([false, true]);
});

/** Of the failure that ended it, as the command prints them. */
function attributesIn(history: string): string {
  const data = /"encodedAttributes": \{[^}]*\},\s*"data": "([^"]*)"/.exec(history)?.[1];
  return Buffer.from(data ?? '', 'base64').toString();
}
