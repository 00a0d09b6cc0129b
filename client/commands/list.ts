/** `list`: the runs of a person, below a folder: where each stands, and what it has won. */
import { resolve } from 'node:path';
import type { CommandDefinition } from '../command-definition.js';
import { printed } from '../output/printed.js';
import { Refusal } from '../output/refusal.js';

export const LIST: CommandDefinition = {
  name: 'list',
  args: '[folder]',
  help: 'all runs below a folder (default: this one), the newest first',
  examples: ['autoresearch list ~/runs'],
  async act([folder = '']) {
    const { listRuns, listText } = await import('../run/run-list.js');
    const root = resolve(folder === '' ? '.' : folder);
    const runs = await listRuns(root).catch((error: NodeJS.ErrnoException) => {
      throw new Refusal('folder', folder, `a directory that can be read (${error.code ?? error.message})`);
    });
    return printed(runs, (all) => listText(root, all));
  },
};
