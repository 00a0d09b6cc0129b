/** `codec-server`: shows the Temporal UI and the `temporal` command what encrypted and compressed payloads say. */
import type { CommandDefinition } from '../command-definition.js';
import { listenForInterrupts } from '../interrupts.js';
import { EXIT } from '../output/exit-codes.js';
import { Refusal } from '../output/refusal.js';

export const CODEC_SERVER: CommandDefinition = {
  name: 'codec-server',
  args: '[workdir]',
  help: "show the Temporal UI and the temporal command what a run's encrypted or compressed payloads say",
  flags: [
    { flags: '--port <n>', help: 'on this host alone (default: 8888; 0 = any that is free)' },
    {
      flags: '--ui <address>',
      help: "a Temporal UI that may ask (default: the workdir's own, or the one on port 8233)",
      repeatable: true,
    },
  ],
  async act([workdir = ''], options, { output }) {
    using interrupts = listenForInterrupts();
    const say = (line: string) => (options.json === true ? output.err : output.out)(`${line}\n`);
    await codecServer(workdir, options, interrupts.signal, say);
    return EXIT.ok;
  },
};

/** Temporal's own UI port where no workdir names another. */
const DEFAULT_UI = 'http://127.0.0.1:8233';

interface CodecServerFlags {
  port?: unknown;
  ui?: unknown;
}

/** Serves until `signal` aborts; `say` hears where. */
async function codecServer(
  path: string,
  { port = '8888', ui = [] }: CodecServerFlags,
  signal: AbortSignal,
  say: (line: string) => void,
): Promise<void> {
  const [{ AutoresearchCodec, codecKeys }, { startCodecServer }, { temporalCommand }] = await Promise.all([
    import('../../worker/encryption/payload-codec.js'),
    import('../../worker/encryption/serve-codec.js'),
    import('../run/inspection.js'),
  ]);
  const number = Number(port);
  if (!Number.isInteger(number) || number < 0 || number > 65_535) {
    throw new Refusal('--port', port, 'a port from 1 to 65535, or 0 for any that is free');
  }
  const origins = [...(ui as string[]).map(originOf), ...(await ownUi(path))];
  await using server = await startCodecServer({ codec: new AutoresearchCodec(codecKeys()), port: number, origins });
  say(`codec server: ${server.url}, for ${origins.join(', ')}; Ctrl+C ends it`);
  say(`in the UI: the glasses at the top right, "Use my browser setting", ${server.url}`);
  say(`on the command line: ${await temporalCommand()} workflow show --codec-endpoint ${server.url} …`);
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

async function ownUi(path: string): Promise<string[]> {
  const [{ runningServer }, { existingRun }] = await Promise.all([
    import('../../worker/server/embedded-server.js'),
    import('../run/workdir-config.js'),
  ]);
  const record = path === '' ? null : await runningServer((await existingRun(path)).workdir);
  const { origin, port } = new URL(record?.ui_address ?? DEFAULT_UI);
  return [origin, `http://localhost:${port}`];
}

function originOf(given: string): string {
  const url = URL.canParse(given) ? new URL(given) : null;
  if (url !== null && /^https?:$/.test(url.protocol)) return url.origin;
  throw new Refusal('--ui', given, 'the address of a Temporal UI, as in http://127.0.0.1:8233');
}
