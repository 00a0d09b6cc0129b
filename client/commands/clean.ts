/** `clean`: gives back what a finished run holds of the user's repository and disk, and keeps what it found. */
import { existsSync } from 'node:fs';
import { shellWord } from '../../domain/command/shell-word.js';
import type { RunConfig } from '../../domain/formats/config.js';
import type { EngineState } from '../../domain/run/engine-state.js';
import { commitOf } from '../../domain/run/experiment-record.js';
import type { Workdir } from '../../workdir/paths.js';
import type { CommandDefinition } from '../command-definition.js';
import { printed } from '../output/printed.js';
import { Refusal } from '../output/refusal.js';

export const CLEAN: CommandDefinition = {
  name: 'clean',
  args: '<workdir>',
  help: 'remove the refs of a run from your repository, and its trees and job folders; its files stay',
  examples: ['autoresearch clean ~/runs/first', 'autoresearch clean ~/runs/first --yes'],
  flags: [{ flags: '--yes', help: 'do it; without this flag it only says what would go' }],
  after:
    'A run that was cleaned cannot go on, and its changes cannot be shown or applied any more: take what you want before\n(`autoresearch apply`). Reports, tables, pictures, analyses and the event log stay.',
  async act([path = ''], { yes }) {
    return printed(await clean(path, yes === true), cleanText);
  },
};

interface CleanAnswer {
  workdir: string;
  /** Refs of the repository, or of the run's private store, that go with their commits. */
  refs: string[];
  folders: string[];
  /** The best experiment, where its code goes with the commits; null where there is none to take over. */
  winner: string | null;
  /** The workdir of which this one is a copy: what the run holds of the repository is that one's. */
  copy_of: string | null;
  done: boolean;
}

async function clean(path: string, isMeant: boolean): Promise<CleanAnswer> {
  const [
    { markCleaned },
    { existingRun },
    { engineLife, readState },
    { openSourceControl },
    { removeWhole },
    { originalOf },
  ] = await Promise.all([
    import('../run/cleaned-run.js'),
    import('../run/workdir-config.js'),
    import('../run/run-state.js'),
    import('../../source/control/open.js'),
    import('../../source/control/trees.js'),
    import('../../workdir/workdir-place.js'),
  ]);
  const { workdir, config } = await existingRun(path);
  const engine = await engineLife(workdir);
  if (engine !== null)
    throw new Refusal('workdir', path, `a run that nothing works on; stop it first (process ${engine.pid})`);
  const original = await originalOf(workdir);
  // Those that a copy's files name are the original's.
  if (original === null) await refuseRunningJobs(workdir, config);
  const folders = [workdir.trees, workdir.localJobs].filter((folder) => existsSync(folder));
  try {
    const source = await openSourceControl({ workdir, config });
    // The private store of a copy is its own.
    const isOwn = original === null || source.kind === 'private';
    const refs = isOwn ? await source.refs() : [];
    if (isMeant) {
      await markCleaned(workdir);
      if (isOwn) await source.dropRefs();
      for (const folder of folders) await removeWhole(folder);
    }
    const winner = refs.length > 0 ? winnerOf(await readState(workdir)) : null;
    return { workdir: workdir.root, refs, folders, winner, copy_of: original, done: isMeant };
  } finally {
    // Looking at the source makes a folder for its work.
    if (!folders.includes(workdir.trees)) await removeWhole(workdir.trees);
  }
}

/** An interrupted run leaves its jobs alone. */
async function refuseRunningJobs(workdir: Workdir, config: RunConfig): Promise<void> {
  const [{ LocalPlatform }, { runningJobs }] = await Promise.all([
    import('../../jobs/platforms/local.js'),
    import('../../jobs/platforms/running-jobs.js'),
  ]);
  const [jobId] = await runningJobs(workdir, new LocalPlatform({ workdir, config, log: () => undefined }));
  if (jobId === undefined) return;
  const advice = `a run without jobs; ${jobId} runs still: \`autoresearch run\` goes on with it, and \`autoresearch stop --cancel-jobs\` ends it then`;
  throw new Refusal('workdir', workdir.root, advice);
}

/** Of a run whose best has code of its own. */
function winnerOf(state: EngineState | null): string | null {
  const row = state?.best ? state.experiments[state.best] : undefined;
  const commit = row ? commitOf(row) : null;
  const isChanged = commit !== null && commit !== state?.baseCommit && row?.kind !== 'baseline';
  return isChanged ? row!.nodeId : null;
}

function cleanText({ workdir, refs, folders, winner, copy_of, done }: CleanAnswer): string {
  const stays = copy_of !== null && refs.length === 0;
  const ofOriginal = stays ? [`it is a copy of ${copy_of}: the refs of the run are that one's, and stay`] : [];
  if (refs.length === 0 && folders.length === 0)
    return [`${workdir}: nothing is left to remove`, ...ofOriginal].join('\n');
  const commits = stays ? [] : [`${refs.length} refs (refs/autoresearch/…) with their commits`];
  const what = [...commits, ...folders].join(', ');
  if (done) return [`${workdir}: removed ${what}`, ...ofOriginal].join('\n');
  const lost =
    winner === null
      ? []
      : [
          `the code of the best, ${winner}, goes with them unless you have taken it over: \`autoresearch apply ${shellWord(workdir)}\` does that`,
        ];
  const how = `${workdir}: would remove ${what}; nothing was removed. \`autoresearch clean ${shellWord(workdir)} --yes\` does it`;
  return [how, ...lost, ...ofOriginal].join('\n');
}
