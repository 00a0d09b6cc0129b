/** `mcp`: a run's tools for Claude Code, Codex, an editor, or another client of the Model Context Protocol. */
import type { CommandDefinition } from '../command-definition.js';
import { EXIT } from '../output/exit-codes.js';

export const MCP: CommandDefinition = {
  name: 'mcp',
  args: '<workdir>',
  help: 'show and steer a run from Claude Code, Codex or an editor: a server of the Model Context Protocol on stdio',
  after: `It is started by its client, as in

    claude mcp add autoresearch -- autoresearch mcp /path/of/workdir
    codex mcp add autoresearch -- autoresearch mcp /path/of/workdir`,
  async act([workdir = '']) {
    const [{ existingRun }, { serveMcp }] = await Promise.all([
      import('../run/workdir-config.js'),
      import('../tools/mcp-server.js'),
    ]);
    const { workdir: found } = await existingRun(workdir);
    await serveMcp(found.root);
    return EXIT.ok;
  },
};
