/** `completion` and `man`: what shells and `man` know of the commands, made from their definitions. */

import { packageVersion } from '../../host/package-files.js';
import type { CommandDefinition } from '../command-definition.js';
import { completionScript, SHELLS, type Shell } from '../output/completion.js';
import { manPage } from '../output/man-page.js';
import { printed } from '../output/printed.js';
import { Refusal } from '../output/refusal.js';

export const COMPLETION: CommandDefinition = {
  name: 'completion',
  args: '<shell>',
  help: 'print completion for bash, zsh or fish',
  examples: ['source <(autoresearch completion bash)'],
  async act([shell = ''], _, { commands }) {
    if (!SHELLS.includes(shell as Shell)) throw new Refusal('shell', shell, `one of ${SHELLS.join(', ')}`);
    const script = completionScript(shell as Shell, commands);
    return printed({ shell, script }, () => script.trimEnd());
  },
};

export const MAN: CommandDefinition = {
  name: 'man',
  args: '',
  help: 'print the manual page',
  examples: ['autoresearch man | man -l -'],
  async act(_, __, { commands, description }) {
    const page = manPage(commands, description, packageVersion());
    return printed({ page }, () => page.trimEnd());
  },
};
