/** An engine with which no worker can go on: found while somebody waits for its answer, and said with the way out. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Client, isGrpcServiceError, QueryNotRegisteredError, ServiceError } from '@temporalio/client';
import { shellWord } from '../../domain/command/shell-word.js';
import type { RunConfig } from '../../domain/formats/config.js';
import { statusQuery } from '../../domain/protocol/messages.js';
import type { StatusView } from '../../domain/protocol/views.js';
import { engineWorkflowId } from '../../domain/run/naming.js';
import type { Workdir } from '../../workdir/paths.js';
import { TRIES_OF_STUCK, taskTries } from '../../worker/sight/engine-sight.js';
import { EXIT } from '../output/exit-codes.js';
import { Refusal } from '../output/refusal.js';
import { type StalledWork, stalledFact } from '../output/stalled-text.js';
import { stalledWork, TASK, UNANSWERED } from './stalled-work.js';

interface Asked {
  workdir: Workdir;
  config: RunConfig;
}

/** Null where its task is not tried again and again, and where the server does not tell. */
export async function stuckRefusal(client: Client, asked: Asked): Promise<Refusal | null> {
  const stuck = await stuckTask(client, asked);
  return stuck === null ? null : refusalOf(stuck, asked);
}

async function stuckTask(client: Client, { config }: Asked): Promise<StalledWork | null> {
  const found = await stalledWork(client, config, []);
  return found.find(({ who, what }) => who === 'engine' && what === TASK) ?? null;
}

function refusalOf(stuck: StalledWork, { workdir }: Asked): Refusal {
  const advice =
    `${stalledFact(stuck)}. Nothing is lost: jobs go on, and the event log is whole. Serve the run with the version that ` +
    'it was begun with, or a newer one; or end that engine, and let a new one go on from the event log: ' +
    `\`autoresearch run ${shellWord(workdir.root)} --take-over\``;
  return new Refusal('workdir', workdir.root, advice, EXIT.notRunning);
}

const LOOK_MS = 2_000;
/** The first of these may have begun under another worker. */
const TRIES_SEEN = 2;

/**
 * Resolves once the engine's task has failed again and again meanwhile, or with null once `signal` aborts. A task that
 * runs out of time is left to the limit of the answer: on a busy machine its worker needs that to read the run so far.
 */
async function untilStuck(client: Client, asked: Asked, signal: AbortSignal): Promise<Refusal | null> {
  let first = Number.POSITIVE_INFINITY;
  while (!signal.aborted) {
    const tries = await taskTries(client, asked.config.run_id).catch(() => 0);
    if (tries > 0) first = Math.min(first, tries);
    const isTried = tries >= TRIES_OF_STUCK && tries >= first + TRIES_SEEN;
    const stuck = isTried ? await stuckTask(client, asked) : null;
    if (stuck !== null && stuck.failure !== UNANSWERED) return refusalOf(stuck, asked);
    await sleep(LOOK_MS, undefined, { signal }).catch(() => undefined);
  }
  return null;
}

/** A query waits for a workflow task that is under way, and for the replay of the run so far. */
const STATUS_TIMEOUT_MS = 60_000;
const ASK_AGAIN_MS = 50;

/** A Refusal that says what is stuck, where no worker can go on with the engine. */
export async function engineStatus(client: Client, asked: Asked): Promise<StatusView['status']> {
  const asking = new AbortController();
  const answered = askedStatus(client, asked, asking.signal);
  const stuck = untilStuck(client, asked, asking.signal);
  try {
    const first = await Promise.race([answered, stuck]);
    if (first instanceof Refusal) throw first;
    return first ?? (await answered);
  } catch (error) {
    if (!(error instanceof ServiceError || isGrpcServiceError(error))) throw error;
    throw (await stuckRefusal(client, asked)) ?? error;
  } finally {
    asking.abort();
    await Promise.allSettled([answered, stuck]);
  }
}

async function askedStatus(client: Client, { config }: Asked, signal: AbortSignal): Promise<StatusView['status']> {
  const handle = client.workflow.getHandle(engineWorkflowId(config.run_id));
  const deadline = Date.now() + STATUS_TIMEOUT_MS;
  const ask = () => client.withDeadline(deadline, () => handle.query(statusQuery));
  for (;;) {
    try {
      return (await client.withAbortSignal(signal, ask)).status;
    } catch (error) {
      // An engine answers once it has read its log; one whose task failed before, once that was tried anew.
      const mayAnswer = error instanceof QueryNotRegisteredError || isTaskFailed(error);
      if (!mayAnswer || signal.aborted || Date.now() > deadline) throw error;
      await sleep(ASK_AGAIN_MS);
    }
  }
}

/** gRPC's code for what cannot be asked as the workflow stands. */
const FAILED_PRECONDITION = 9;

function isTaskFailed(error: unknown): boolean {
  const cause = error instanceof ServiceError ? error.cause : error;
  return isGrpcServiceError(cause) && Number(cause.code) === FAILED_PRECONDITION;
}
