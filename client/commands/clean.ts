/** `clean`: gives back what a finished run holds of the user's repository and disk, and keeps what it found. */
import { existsSync } from 'node:fs';
import { shellWord } from '../../domain/command/shell-word.js';
import type { RunConfig } from '../../domain/formats/config.js';
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
  done: boolean;
}

async function clean(path: string, isMeant: boolean): Promise<CleanAnswer> {
  const [{ markCleaned }, { existingRun }, { engineLife }, { openSourceControl }, { removeWhole }] = await Promise.all([
    import('../run/cleaned-run.js'),
    import('../run/workdir-config.js'),
    import('../run/run-state.js'),
    import('../../source/control/open.js'),
    import('../../source/control/trees.js'),
  ]);
  const { workdir, config } = await existingRun(path);
  const engine = await engineLife(workdir);
  if (engine !== null)
    throw new Refusal('workdir', path, `a run that nothing works on; stop it first (process ${engine.pid})`);
  await refuseRunningJobs(workdir, config);
  const folders = [workdir.trees, workdir.localJobs].filter((folder) => existsSync(folder));
  try {
    const source = await openSourceControl({ workdir, config });
    const refs = await source.refs();
    if (isMeant) {
      await markCleaned(workdir);
      await source.dropRefs();
      for (const folder of folders) await removeWhole(folder);
    }
    return { workdir: workdir.root, refs, folders, done: isMeant };
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

function cleanText({ workdir, refs, folders, done }: CleanAnswer): string {
  if (refs.length === 0 && folders.length === 0) return `${workdir}: nothing is left to remove`;
  const what = [`${refs.length} refs (refs/autoresearch/…) with their commits`, ...folders].join(', ');
  if (done) return `${workdir}: removed ${what}`;
  return `${workdir}: would remove ${what}; nothing was removed. \`autoresearch clean ${shellWord(workdir)} --yes\` does it`;
}
