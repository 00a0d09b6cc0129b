/** `diff`: what an experiment changes in the code, as a unified diff of the source directory. */
import { commitOf } from '../../domain/run/experiment-record.js';
import type { CommandDefinition } from '../command-definition.js';
import { printed } from '../output/printed.js';
import { Refusal } from '../output/refusal.js';

export const DIFF: CommandDefinition = {
  name: 'diff',
  args: '<workdir> [node]',
  help: 'what an experiment (the best one, when none is named) changes in the code',
  examples: ['autoresearch diff ~/runs/first', 'autoresearch diff ~/runs/first 007 --anchor'],
  flags: [{ flags: '--anchor', help: 'against your own code, instrumentation included' }],
  act: async ([workdir = '', node = ''], options) =>
    printed(await diff(workdir, node === '' ? undefined : node, { anchor: options.anchor === true }), diffText),
};

interface DiffAnswer {
  node_id: string;
  from: string;
  to: string;
  diff: string;
}

/** Of the best experiment when no node is named; against the base commit, or with `anchor` the user's own code. */
async function diff(path: string, node: string | undefined, { anchor }: { anchor: boolean }): Promise<DiffAnswer> {
  const [{ refuseCleaned }, { runAsLogged }, { rowNamed }, { openSourceControl }] = await Promise.all([
    import('../run/cleaned-run.js'),
    import('../run/run-state.js'),
    import('../run/named-node.js'),
    import('../../source/control/open.js'),
  ]);
  const { workdir, config, state } = await runAsLogged(path);
  await refuseCleaned(workdir, path);
  const row = rowNamed(state, node);
  if (row === null) throw new Refusal('node', undefined, 'the run has no best experiment yet; name one');
  const { nodeId } = row;
  const to = commitOf(row);
  if (to === null)
    throw new Refusal('node', nodeId, `an experiment with a commit; this one is ${row.state.status} and has none`);
  const from = anchor ? state.anchorCommit : state.baseCommit;
  if (from === null) throw new Refusal('workdir', path, 'a run whose setup is done; this one has no base commit yet');
  const source = await openSourceControl({ workdir, config });
  return { node_id: nodeId, from, to, diff: await source.diff(from, to) };
}

function diffText({ node_id, from, to, diff: text }: DiffAnswer): string {
  if (text !== '') return text;
  return `# ${node_id} (${to.slice(0, 10)}) has the code of ${from.slice(0, 10)}: only its launch command can differ`;
}
