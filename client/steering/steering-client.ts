/** Sends a steering message to a running engine as an update, and returns its receipt. */
import { randomUUID } from 'node:crypto';
import {
  type Client,
  isGrpcServiceError,
  ServiceError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import { ApplicationFailure, type UpdateDefinition } from '@temporalio/common';
import { shellWord } from '../../domain/command/shell-word.js';
import type { RunConfig } from '../../domain/formats/config.js';
import { RUN_STOPPED } from '../../domain/protocol/messages.js';
import type { Receipt } from '../../domain/protocol/steering-messages.js';
import { withoutNode } from '../../domain/run/engine-state.js';
import { engineWorkflowId } from '../../domain/run/naming.js';
import { endedWithoutBaseline } from '../../domain/verdict/baseline-failure.js';
import { shortOfRoom } from '../../host/disk-room.js';
import { placeText, readLogOwner } from '../../workdir/log-owner.js';
import type { Workdir } from '../../workdir/paths.js';
import { copyText, originalOf } from '../../workdir/workdir-place.js';
import { findConnection, openClient } from '../../worker/connection.js';
import { checkKeys, checkSender, KeyMissing } from '../../worker/encryption/readable-engine.js';
import { BEGIN_ANEW } from '../output/begin-anew.js';
import { errorText } from '../output/error-text.js';
import { EXIT } from '../output/exit-codes.js';
import { namingFullDisk } from '../output/named-full-disk.js';
import { NotServed, notRunning, Refusal } from '../output/refusal.js';
import { engineLife, readState } from '../run/run-state.js';
import { existingRun } from '../run/workdir-config.js';
import { stuckRefusal } from '../stalled/stuck-engine.js';
import { untilTaken } from './until-taken.js';

export interface SteerOptions {
  /** Makes a repeated command harmless: the same id gets the first one's receipt. Made anew when absent. */
  request?: string | undefined;
  /** What was steered, for a refusal: its flag or argument, and the value. */
  about: { field: string; value: unknown };
  /** Done when an engine was found, before the message is sent. */
  beforehand?: (workdir: Workdir) => Promise<void>;
  /** What to do when no engine works on the run; else that is a Refusal. */
  otherwise?: (workdir: Workdir, config: RunConfig) => Promise<Receipt>;
  /** How long to wait for the receipt. */
  timeoutMs?: number;
}

/** A Refusal: exit code 2 with the engine's reason, 3 when no engine answers. */
export async function steer<Args extends [] | [unknown]>(
  path: string,
  update: UpdateDefinition<Receipt, Args>,
  args: Args,
  options: SteerOptions,
): Promise<Receipt> {
  const { workdir, config } = await existingRun(path);
  const original = await originalOf(workdir);
  if (original !== null) throw new Refusal('workdir', workdir.root, copyText(original));
  return await namingFullDisk(workdir.root, async () => {
    try {
      return await withRunningEngine(workdir, async (client) => {
        await checkMessageKeys(client, workdir, config);
        await options.beforehand?.(workdir);
        return sendUpdate(client, { workdir, config }, update, args, options);
      });
    } catch (error) {
      if (!(error instanceof NotServed) || options.otherwise === undefined) throw error;
      return await options.otherwise(workdir, config);
    }
  });
}

async function checkMessageKeys(client: Client, workdir: Workdir, { run_id: run }: RunConfig): Promise<void> {
  try {
    await checkKeys(client, run);
    await checkSender(client, run);
  } catch (error) {
    if (error instanceof KeyMissing) throw new Refusal('workdir', workdir.root, error.message);
    throw error;
  }
}

/** Opens a client to the server that serves the run now, for one act. */
async function withRunningEngine<T>(workdir: Workdir, act: (client: Client) => Promise<T>): Promise<T> {
  const target = await findConnection(workdir);
  const host = target?.kind === 'configured' ? undefined : (await engineLife(workdir))?.host;
  if (host !== undefined) {
    const advice = `its engine is on host ${host}, and its Temporal server listens there alone: give the command on that host`;
    throw new Refusal('workdir', workdir.root, advice, EXIT.notRunning);
  }
  if (target === null) {
    const elsewhere = await configuredOwner(workdir);
    if (elsewhere === null) throw await notServed(workdir, ' and its Temporal server is off');
    // Its engine may live: nothing may be done in its place.
    const status = (await readState(workdir))?.status;
    if (status === 'stopped' || status === 'interrupted') throw await notServed(workdir);
    const advice = `its run is on a Temporal server of its own (${elsewhere}): give the command with the settings that the run was started with (TEMPORAL_ADDRESS and its kin)`;
    throw new Refusal('workdir', workdir.root, advice, EXIT.notRunning);
  }
  // On a cluster the worker may be on another host, which this one's lock file does not tell of.
  if (target.kind === 'embedded' && (await engineLife(workdir)) === null) throw await notServed(workdir);
  const client = await openClient(target);
  try {
    return await act(client);
  } finally {
    await client.connection.close();
  }
}

/** The server that a run was last served by, in words, where that is none of the workdir's own; else null. */
export async function configuredOwner(workdir: Workdir): Promise<string | null> {
  const owner = await readLogOwner(workdir);
  return owner?.kind === 'configured' ? placeText(owner) : null;
}

/** A run that has ended has nothing to steer, and one that only has no engine can be gone on with. */
export async function notServed(workdir: Workdir, more = ''): Promise<NotServed> {
  const state = await readState(workdir);
  if (state?.status !== 'stopped' || state.stop === null) return notRunning(workdir.root, more);
  const end = `its run has ended (${state.stop.reason}: ${state.stop.detail.replace(/\.$/, '')}), so that there is nothing to steer`;
  const further = endedWithoutBaseline(state)
    ? BEGIN_ANEW
    : `with a raised limit, a note or an added experiment \`autoresearch run ${shellWord(workdir.root)}\` goes on`;
  return new NotServed('workdir', workdir.root, `${end}; ${further}`, EXIT.notRunning);
}

/** As the engine says it, and as the server does of an update whose workflow closed before it was done. */
const RUN_ENDED: readonly string[] = [RUN_STOPPED, 'AcceptedUpdateCompletedWorkflow'];

/** An update is answered once its events are exported: well within a second, more when an agent or disk is slow. */
const RECEIPT_TIMEOUT_MS = 60_000;
/** On a full disk nothing is exported until there is room: it answers at once, or not for as long as anybody waits. */
const FULL_DISK_TIMEOUT_MS = 3_000;

/** gRPC's code where nobody listens: a server that was ended, or is being started again. */
const UNAVAILABLE = 14;

function isUnavailable(error: unknown): boolean {
  const cause = error instanceof ServiceError ? error.cause : error;
  return isGrpcServiceError(cause) && Number(cause.code) === UNAVAILABLE;
}

export async function sendUpdate<Args extends [] | [unknown]>(
  client: Client,
  { workdir, config }: { workdir: Workdir; config: RunConfig },
  update: UpdateDefinition<Receipt, Args>,
  args: Args,
  { request = randomUUID(), about, timeoutMs: mostMs = RECEIPT_TIMEOUT_MS }: SteerOptions,
): Promise<Receipt> {
  const isFull = (await shortOfRoom(workdir.root)) !== null;
  const timeoutMs = isFull ? Math.min(mostMs, FULL_DISK_TIMEOUT_MS) : mostMs;
  const handle = client.workflow.getHandle(engineWorkflowId(config.run_id));
  const updateId = `${update.name}-${request}`;
  const send = () =>
    args.length === 0
      ? handle.executeUpdate<Receipt, []>(update.name, { updateId })
      : handle.executeUpdate<Receipt, [unknown]>(update.name, { args: [args[0]], updateId });
  const refused = (reason: string) => new Refusal(about.field, about.value, withoutNode(reason));
  const deadline = Date.now() + timeoutMs;
  let receipt: Receipt;
  try {
    receipt = await untilTaken(() => client.withDeadline(deadline, send), deadline);
  } catch (error) {
    if (error instanceof WorkflowUpdateFailedError) {
      const { cause } = error;
      if (cause instanceof ApplicationFailure && RUN_ENDED.includes(cause.type ?? ''))
        throw await notServed(workdir, ' (its run has ended)');
      throw refused(errorText(error));
    }
    if (error instanceof WorkflowNotFoundError) throw await notServed(workdir, ' (its run has ended)');
    if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError) {
      const stuck = await stuckRefusal(client, { workdir, config });
      if (stuck !== null) throw stuck;
      // The message may have arrived all the same.
      const full = await shortOfRoom(workdir.root);
      const cause =
        full === null
          ? `: nothing came within ${timeoutMs / 1000} s; give the command again`
          : `, as the disk is full (${full}): make room, then give the command again (it may have heard this one, and do it then)`;
      const advice = `its engine does not answer${cause}`;
      throw new Refusal('workdir', workdir.root, advice, EXIT.notRunning);
    }
    if (isUnavailable(error)) {
      const look = `\`autoresearch status ${shellWord(workdir.root)}\``;
      const advice = `its Temporal server went away before the receipt came, and the engine may have heard or not: ${look} shows it`;
      throw new Refusal('workdir', workdir.root, advice, EXIT.notRunning);
    }
    throw error;
  }
  if (!receipt.accepted) throw refused(receipt.message);
  // An engine does not know where its workdir is on this host.
  return { ...receipt, message: receipt.message.replaceAll('<workdir>', shellWord(workdir.root)) };
}
