/** `dashboard`: a web page of one or several runs on this host, until Ctrl+C. */
import type { CommandDefinition } from '../command-definition.js';
import { listenForInterrupts } from '../interrupts.js';
import { EXIT } from '../output/exit-codes.js';
import type { Output } from '../output/output.js';
import { Refusal } from '../output/refusal.js';

export const DASHBOARD: CommandDefinition = {
  name: 'dashboard',
  args: '<workdir...>',
  help: 'a web page of one or several runs: progress, tree, experiments, queue; also of runs that have ended',
  flags: [{ flags: '--port <n>', help: 'on this host alone (default: any that is free)' }],
  after:
    'Open the printed link; whoever has it can steer the runs, and nobody else gets anything. Ctrl+C ends the page, not the runs.',
  async act(paths, options, { output }) {
    using interrupts = listenForInterrupts();
    await dashboard(paths, options, interrupts.signal, output);
    return EXIT.ok;
  },
};

async function dashboard(
  paths: readonly string[],
  { port: given = '0', json }: Readonly<Record<string, unknown>>,
  signal: AbortSignal,
  output: Output,
): Promise<void> {
  const port = Number(given);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new Refusal('--port', given, 'a port from 1 to 65535, or 0 for any that is free');
  }
  const [{ startDashboard }, { RunFeed }] = await Promise.all([
    import('../dashboard/server.js'),
    import('../dashboard/run-feed.js'),
  ]);
  const feeds = await Promise.all(paths.map((path, index) => RunFeed.open(path, index)));
  await using server = await startDashboard(feeds, port).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EADDRINUSE' && error.code !== 'EACCES') throw error;
    throw new Refusal('--port', given, `a port that is free and may be listened on, or 0 for any (${error.code})`);
  });
  output.out(json === true ? `${JSON.stringify({ url: server.url })}\n` : `dashboard: ${server.url}\n`);
  await Promise.all(feeds.map((feed) => feed.follow(signal, (problem) => output.err(`${problem}\n`))));
}
