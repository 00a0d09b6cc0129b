/** Over the calls of a run, a provider's cache serves most of what the prompts hold. */
import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { createAnthropicAgent } from '../../../agents/anthropic/anthropic-agent.js';
import { packageFile } from '../../../host/package-files.js';
import { temporaryFolder, write } from '../../activities/source-fixture.js';
import { ANALYZE, APPLY, agentConfig, agentWith, askAgent, PLAN } from '../../support/agents/agent-tasks.js';
import { knobsAnswer } from '../../support/agents/knobs-answers.js';
import { MessagesServer } from '../../support/agents/messages-server.js';
import { removeFolder } from '../../support/remove-folder.js';

it('of twenty calls, over three rounds and one change of the best commit', async () => {
  await using server = await MessagesServer.start({ answer: knobsAnswer() });
  vi.stubEnv('ANTHROPIC_API_KEY', 'sk-loopback');
  vi.stubEnv('ANTHROPIC_BASE_URL', server.url);
  const dir = temporaryFolder();
  onTestFinished(async () => {
    vi.unstubAllEnvs();
    await removeFolder(dir);
  });
  cpSync(packageFile('examples', 'images'), dir, { recursive: true, filter: (path) => !path.endsWith('/data') });
  const source = { dir, script: 'train.py', python: packageFile('.tools', 'venv', 'bin', 'python') };
  const agent = agentWith((hooks) => createAnthropicAgent(agentConfig({ agent: 'anthropic' }), hooks));
  const round = [PLAN, APPLY, APPLY, ANALYZE, ANALYZE];
  const headspace = { ...APPLY, phase: 'headspace' as const };
  const first = [headspace, APPLY, ANALYZE, ANALYZE, ANALYZE];
  for (const task of [...first, ...round]) await askAgent(agent, { ...task, source });
  // The best is another commit from here on.
  write(dir, { 'train.py': `${readFileSync(join(dir, 'train.py'), 'utf8')}\n# the best so far\n` });
  for (const task of [...round, ...round]) await askAgent(agent, { ...task, source });

  const usages = server.calls.flatMap(({ usage }) => (usage ? [usage] : []));
  const read = usages.reduce((sum, usage) => sum + (usage.cache_read_input_tokens ?? 0), 0);
  const paid = usages.reduce((sum, usage) => sum + usage.input_tokens + (usage.cache_creation_input_tokens ?? 0), 0);
  console.log(
    `cached share over ${usages.length} calls: ${((100 * read) / (read + paid)).toFixed(1)}% of ${read + paid} tokens`,
  );
  expect(usages).toHaveLength(20);
  expect(read / (read + paid)).toBeGreaterThan(0.7);
}, 120_000);
