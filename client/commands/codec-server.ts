/** `codec-server`: shows the Temporal UI and the `temporal` command what encrypted and compressed payloads say. */

import { AutoresearchCodec, codecKeys } from '../../worker/encryption/payload-codec.js';
import { startCodecServer } from '../../worker/encryption/serve-codec.js';
import { runningServer } from '../../worker/server/embedded-server.js';
import { Refusal } from '../output/refusal.js';
import { existingRun } from '../run/workdir-config.js';

/** Temporal's own UI port where no workdir names another. */
const DEFAULT_UI = 'http://127.0.0.1:8233';

export interface CodecServerFlags {
  port?: unknown;
  ui?: unknown;
}

/** Serves until `signal` aborts; `say` hears where. */
export async function codecServer(
  path: string,
  { port = '8888', ui = [] }: CodecServerFlags,
  signal: AbortSignal,
  say: (line: string) => void,
): Promise<void> {
  const number = Number(port);
  if (!Number.isInteger(number) || number < 0 || number > 65_535) {
    throw new Refusal('--port', port, 'a port from 1 to 65535, or 0 for any that is free');
  }
  const origins = [...(ui as string[]).map(originOf), ...(await ownUi(path))];
  await using server = await startCodecServer({ codec: new AutoresearchCodec(codecKeys()), port: number, origins });
  say(`codec server: ${server.url}, for ${origins.join(', ')}; Ctrl+C ends it`);
  say(`in the UI: the glasses at the top right, "Use my browser setting", ${server.url}`);
  say(`on the command line: temporal workflow show --codec-endpoint ${server.url} …`);
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

async function ownUi(path: string): Promise<string[]> {
  const record = path === '' ? null : await runningServer((await existingRun(path)).workdir);
  const { origin, port } = new URL(record?.ui_address ?? DEFAULT_UI);
  return [origin, `http://localhost:${port}`];
}

function originOf(given: string): string {
  const url = URL.canParse(given) ? new URL(given) : null;
  if (url !== null && /^https?:$/.test(url.protocol)) return url.origin;
  throw new Refusal('--ui', given, 'the address of a Temporal UI, as in http://127.0.0.1:8233');
}
