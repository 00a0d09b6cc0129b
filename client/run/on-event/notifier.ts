/**
 * Runs the person's own command for what they want to be told of (`--on-event`), one at a time and each once: how far
 * it came stands in engine/notified.json, so that a run that goes on elsewhere goes on from there. A command that fails
 * or hangs disturbs nothing but its own message. Several workers of a cluster that share a workdir may each tell it.
 */
import { z } from 'zod';
import type { RunConfig } from '../../../domain/formats/config.js';
import { readJsonIfWhole, writeJsonAtomic } from '../../../host/atomic-file.js';
import { untilChange } from '../../../host/file-change.js';
import { runApart } from '../../../host/short-program.js';
import { withoutSecrets } from '../../../jobs/job-environment.js';
import type { Workdir } from '../../../workdir/paths.js';
import { LiveState } from '../run-state.js';
import { type Notification, notificationsOf } from './notifications.js';

/** A webhook answers within seconds. */
const COMMAND_LIMIT_MS = 30_000;
const SHOWN = 200;
const CursorSchema = z.object({ seq: z.number().int().min(0) });

export interface Notifier {
  /** Tells what has happened until now, and ends. */
  close(): Promise<void>;
}

/** `say` is told of each command that failed. Does nothing where no command is configured. */
export async function startNotifier(
  workdir: Workdir,
  config: RunConfig,
  say: (line: string) => void,
): Promise<Notifier> {
  if (config.on_event === '') return { close: async () => undefined };
  const live = new LiveState(workdir, config);
  const due: Notification[] = [];
  const path = workdir.at('engine', 'notified.json');
  const kept = CursorSchema.safeParse(await readJsonIfWhole(path));
  // One that is configured for a run that has gone on for a while hears of what comes, not of all that was.
  if (!kept.success) await live.catchUp();
  let told = kept.success ? kept.data.seq : live.state.seq;
  if (!kept.success) await writeJsonAtomic(path, { seq: told });

  const collect = () =>
    live.catchUp((event, warnings) => {
      if (event.seq > told) due.push(...notificationsOf(live.state, event, warnings, workdir.root));
    });
  const tell = async () => {
    for (let next = due.shift(); next !== undefined; next = due.shift()) {
      // Before the command: a message that is lost with this process is better than one that comes again and again.
      told = Math.max(told, next.seq);
      await writeJsonAtomic(path, { seq: told });
      const problem = await problemOf(config, next);
      if (problem !== null) say(`--on-event: the command failed (${problem}); nothing else is disturbed`);
    }
  };
  const ending = new AbortController();
  const followed = (async () => {
    while (!ending.signal.aborted) {
      await collect();
      await tell();
      if (!ending.signal.aborted) await untilChange(workdir.events, ending.signal);
    }
    await collect();
    await tell();
  })().catch((error: unknown) => say(`--on-event: nothing more is told (${String(error).slice(0, SHOWN)})`));
  return {
    close: async () => {
      ending.abort();
      await followed;
    },
  };
}

/** Null when the command took the message. */
async function problemOf(
  { on_event: command, secret_env: secrets }: Pick<RunConfig, 'on_event' | 'secret_env'>,
  message: Notification,
): Promise<string | null> {
  try {
    const result = await runApart('bash', ['-c', command], {
      input: `${JSON.stringify(message)}\n`,
      env: withoutSecrets(process.env, secrets),
      extendEnv: false,
      timeout: COMMAND_LIMIT_MS,
    });
    if (result.timedOut) return `no end within ${COMMAND_LIMIT_MS / 1000} s`;
    if (result.exitCode === 0) return null;
    const said = String(result.stderr ?? '').trim();
    return `${result.exitCode === undefined ? result.shortMessage : `exit code ${result.exitCode}`}${said === '' ? '' : `: ${said.slice(-SHOWN)}`}`;
  } catch (error) {
    return String(error).slice(0, SHOWN);
  }
}
