/**
 * Whole runs of a minute and more, which `npm run test:long` plays: what they show is shown in parts by tests that take
 * seconds, and `npm test` is to end within a quarter of an hour on two cores.
 */
export const LONG_TESTS = [
  'test/agents/anthropic/cached-share.test.ts',
  'test/system/{api-agent-run,believable-run,refuted-best,resume,supervise}.test.ts',
  'test/system/chaos/chaos.test.ts',
  'test/workflows/lucky-runs.test.ts',
  'test/playbook/moves-table.test.ts',
  'test/system/named-moves-run.test.ts',
];
