/** `status`: where a run stands, once or at each change. */
import type { CommandDefinition } from '../command-definition.js';
import { EXIT } from '../output/exit-codes.js';
import { printed } from '../output/printed.js';

export const STATUS: CommandDefinition = {
  name: 'status',
  args: '<workdir>',
  help: 'where a run stands, in one look',
  examples: [
    'autoresearch status ~/runs/first',
    'autoresearch status --watch ~/runs/first',
    'autoresearch status --json ~/runs/first | jq .best',
  ],
  flags: [{ flags: '--watch', help: 'show it anew at each change, until the run has ended' }],
  async act([workdir = ''], options, { output }) {
    const [{ status, watchStatus }, { statusText }] = await Promise.all([
      import('../run/run-status.js'),
      import('../output/status-text.js'),
    ]);
    if (options.watch !== true) return printed(await status(workdir), statusText);
    const [{ makeLiveView }, { panelLines }, { listenForInterrupts }] = await Promise.all([
      import('../run/live-view.js'),
      import('../output/live-panel.js'),
      import('../interrupts.js'),
    ]);
    const isLive = output.isTerminal && options.json !== true;
    const view = makeLiveView(output, { whole: true });
    using interrupts = listenForInterrupts();
    interrupts.signal.addEventListener('abort', () => {
      view.end();
      process.exit(EXIT.interrupted);
    });
    let last = '';
    try {
      for await (const answer of watchStatus(workdir, isLive)) {
        last = options.json === true ? `${JSON.stringify(answer)}\n` : `${statusText(answer)}\n\n`;
        if (isLive) view.standing((rows) => panelLines(answer, rows));
        else output.out(last);
      }
    } finally {
      view.end();
    }
    if (isLive) output.out(last);
    return EXIT.ok;
  },
};
