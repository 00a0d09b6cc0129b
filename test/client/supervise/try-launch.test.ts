import { tmpdir } from 'node:os';
import { expect, it, onTestFinished, vi } from 'vitest';
import { triedText, tryLaunch } from '../../../client/supervise/start/try-launch.js';
import { processIdentity } from '../../../host/process-identity.js';

const at = { cwd: tmpdir(), signal: new AbortController().signal };

it('ends at the first step, with all that the command started', async () => {
  const tried = await tryLaunch('echo begin; sleep 60 & echo "child $!"; echo "step 10: loss 1.5"; wait', at);
  expect(tried).toMatchObject({ how: 'step', line: 'step 10: loss 1.5' });
});

it('leaves no process behind', async () => {
  const tried = await tryLaunch('sleep 61 & echo "step $!"; wait', at);
  expect(tried.how).toBe('step');
  const pid = Number(/step (\d+)/.exec(tried.how === 'step' ? tried.line : '')![1]);
  while ((await processIdentity(pid)) !== null) await new Promise((resolve) => setTimeout(resolve, 10));
});

it('tells how it failed, by its last lines', async () => {
  const tried = await tryLaunch('echo one; echo "No module named spdl" >&2; exit 3', at);
  expect(tried).toMatchObject({ how: 'failed', exitCode: 3 });
  expect(triedText(tried)).toMatch(/^it failed \(exit code 3\):\n.*No module named spdl/s);
});

it('is content with one that ends, or that goes on without a word', async () => {
  expect(await tryLaunch('echo fine', at)).toMatchObject({ how: 'ended' });
  expect(await tryLaunch('sleep 60', { ...at, patienceMs: 50 })).toMatchObject({ how: 'runs' });
});

it('shows no key to the command', async () => {
  vi.stubEnv('ANTHROPIC_API_KEY', 'sk-secret');
  vi.stubEnv('MY_TOKEN', 'secret');
  vi.stubEnv('MY_PATH', 'seen');
  onTestFinished(() => void vi.unstubAllEnvs());
  const tried = await tryLaunch('echo "step 1 $ANTHROPIC_API_KEY $MY_TOKEN $MY_PATH"', {
    ...at,
    secretEnv: ['MY_TOKEN'],
  });
  expect(tried).toMatchObject({ how: 'step', line: 'step 1   seen' });
});
