import { expect, it } from 'vitest';
import { checkAgentQueue } from '../../../client/agents/agent-queue-check.js';

const CONFIG = { agent: 'claude', agent_command: '', agent_queue: 'research', claude_flags: [], codex_flags: [] };
const CLUSTER = { TEMPORAL_ADDRESS: 'temporal.example:7233', TEMPORAL_CONFIG_FILE: '/dev/null' };
const NONE = { TEMPORAL_CONFIG_FILE: '/dev/null' };

it.each([
  [
    'an agent that reads the workdir',
    { agent: 'playbook' },
    CLUSTER,
    /^--agent: "playbook": .*one of anthropic, claude/,
  ],
  ['a module', { agent: '/x/my-agent.mjs' }, CLUSTER, /^--agent: /],
  ['a program of this host', { agent_command: '/opt/claude' }, CLUSTER, /^--agent-command: .*autoresearch worker/],
  ['flags of a program', { claude_flags: ['--x'] }, CLUSTER, /^--claude-flags: /],
  ['flags of the other program', { codex_flags: ['--x'] }, CLUSTER, /^--codex-flags: /],
  ["the workdir's own server", {}, NONE, /^--agent-queue: "research": .*TEMPORAL_ADDRESS/],
])('refuses %s', (_, given, env, says) => {
  expect(() => checkAgentQueue({ ...CONFIG, ...given }, env)).toThrow(says);
});

it('takes a command agent on a cluster, and asks nothing of a run whose agent is called here', () => {
  checkAgentQueue(CONFIG, CLUSTER);
  checkAgentQueue({ ...CONFIG, agent: 'playbook', agent_queue: '' }, NONE);
});
