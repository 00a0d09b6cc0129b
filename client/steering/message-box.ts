/**
 * Messages to a run that nobody serves: one file each in the workdir, until an engine has them. The event log says
 * which it has; it is never written here, as an engine that was killed goes on from the log as it left it.
 */
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { shellWord } from '../../domain/command/shell-word.js';
import type { GivenMessage } from '../../domain/protocol/steering-messages.js';
import type { EngineEvent } from '../../domain/run/event-types.js';
import { givenProblem } from '../../domain/run/given-more.js';
import { isRequestId } from '../../domain/run/naming.js';
import { writeJsonAtomic } from '../../host/atomic-file.js';
import { InvalidFile, readChecked } from '../../workdir/checked-file.js';
import { openRunLog } from '../../workdir/event-log.js';
import type { Workdir } from '../../workdir/paths.js';
import { Refusal } from '../output/refusal.js';

/** All messages travel in the engine's input, whose limit is 2 MB; the server warns at 256 KB. */
const BOX_BYTES = 200_000;

const BoxedSchema = z.object({
  request: z.string().refine(isRequestId),
  /** Their order, as a time in ms. */
  at_ms: z.number(),
  do: z.enum(['note', 'set_limits', 'add']),
  message: z.looseObject({}),
});
type Boxed = z.output<typeof BoxedSchema>;

/** The same request twice is one. A Refusal when the box is full. */
export async function keepMessage(workdir: Workdir, given: GivenMessage): Promise<void> {
  const others = (await waitingMessages(workdir)).filter(({ request }) => request !== given.request);
  if (JSON.stringify([...others, given]).length > BOX_BYTES) {
    const advice = `less than ${BOX_BYTES / 1000} KB in all: ${others.length} messages wait already; give them to the run with \`autoresearch run ${shellWord(workdir.root)}\``;
    throw new Refusal('workdir', workdir.root, advice);
  }
  await writeJsonAtomic(workdir.boxed(given.request), { ...given, at_ms: Date.now() });
}

/** Messages that no engine has yet, in the order in which they were given; those that one has are removed. */
export async function waitingMessages(workdir: Workdir): Promise<GivenMessage[]> {
  const names = (await readdir(workdir.box).catch(() => [])).filter((name) => name.endsWith('.json'));
  if (names.length === 0) return [];
  const taken = new Set((await openRunLog(workdir).events()).flatMap(requestsIn));
  const waiting: Boxed[] = [];
  for (const name of names) {
    const path = join(workdir.box, name);
    const boxed = await readChecked(path, BoxedSchema);
    if (boxed === null) continue;
    const problem = givenProblem(asGiven(boxed));
    if (problem !== null) throw new InvalidFile(path, boxed.message, problem);
    if (taken.has(boxed.request)) await rm(path, { force: true });
    else waiting.push(boxed);
  }
  return waiting.sort((one, other) => one.at_ms - other.at_ms).map(asGiven);
}

/** Its message is what `givenProblem` holds it against. */
function asGiven({ request, do: act, message }: Boxed): GivenMessage {
  return { request, do: act, message } as unknown as GivenMessage;
}

function requestsIn(event: EngineEvent): string[] {
  if (event.type === 'run_started') return event.taken ?? [];
  if (event.type === 'given_refused') return [event.request];
  if (event.type === 'note_added') return event.request === undefined ? [] : [event.request];
  if (event.type !== 'experiment_added') return [];
  const { origin } = event.experiment;
  return origin.from === 'user' ? [origin.request] : [];
}
