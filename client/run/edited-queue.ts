/**
 * A person's edits of `queued` in engine/checkpoint.json, made while nothing ran: found before an engine starts, and
 * done before it starts anything of the queue. Each may be done twice.
 */
import { createHash } from 'node:crypto';
import { rename, rm } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Client } from '@temporalio/client';
import type { RunConfig } from '../../domain/formats/config.js';
import { CheckpointSchema } from '../../domain/formats/files.js';
import { SpecSchema } from '../../domain/formats/spec.js';
import * as messages from '../../domain/protocol/messages.js';
import type { Receipt } from '../../domain/protocol/steering-messages.js';
import type { EngineState } from '../../domain/run/engine-state.js';
import type { EventBody, Money } from '../../domain/run/event-types.js';
import { EXPERIMENT_PHASES, ledgerKey } from '../../domain/run/ledger.js';
import { type QueueEdit, queueEdits } from '../../domain/schedule/queue-edits.js';
import { readTextIfAny, writeJsonAtomic } from '../../host/atomic-file.js';
import { checked, InvalidFile, readChecked } from '../../workdir/checked-file.js';
import { openRunLog } from '../../workdir/event-log.js';
import type { Workdir } from '../../workdir/paths.js';
import { Refusal } from '../output/refusal.js';
import { type SteerOptions, sendUpdate } from '../steering/steering-client.js';

/**
 * A checkpoint that is no JSON any more is made from the log, as all of it is: what is left of it is kept beside it, in
 * case a person's edit is in it. Says so; null where there is nothing of the kind.
 */
export async function setAsideBroken(workdir: Workdir): Promise<string | null> {
  const text = await readTextIfAny(workdir.checkpoint);
  if (text === null || isObject(text)) return null;
  if (text.trim() === '') {
    await rm(workdir.checkpoint);
    return `${workdir.checkpoint} was empty: it is made anew from the event log`;
  }
  const kept = `${workdir.checkpoint}.unreadable`;
  await rename(workdir.checkpoint, kept);
  return (
    `${workdir.checkpoint} cannot be read as JSON: it is made anew from the event log, and an edit of the queue in it is ` +
    `not heeded (what it held is kept as ${basename(kept)})`
  );
}

function isObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

/** Throws InvalidFile with the field's name. */
export async function readQueueEdits(workdir: Workdir, now: EngineState): Promise<QueueEdit[]> {
  const file = await readChecked(workdir.checkpoint, CheckpointSchema);
  if (file === null) return [];
  const edits = queueEdits(file, now);
  for (const edit of edits) {
    if (edit.do !== 'add') continue;
    const at = `${workdir.checkpoint}: queued.${file.queued.indexOf(edit.work)}`;
    const { spec } = edit.work.payload.node;
    if (spec === undefined) {
      const advice = 'the specification of an experiment that the run does not know; or take the entry out';
      throw new InvalidFile(`${at}.payload.node.spec`, spec, advice);
    }
    checked(spec, SpecSchema, `${at}.payload.node.spec`);
  }
  return edits;
}

interface Place {
  client: Client;
  workdir: Workdir;
  config: RunConfig;
}

/** Tells an engine that is open. Returns what to tell a person. */
export async function sendQueueEdits(place: Place, edits: readonly QueueEdit[]): Promise<string[]> {
  const told: string[] = [];
  for (const edit of edits) told.push(line(edit, await answerTo(place, edit)));
  return told;
}

/**
 * Writes them into the log of a run whose engine is closed: the next one begins from there. `add` waits for an engine.
 * They bear the time of the last event: none in which the run ran has passed since, which counts against its hours.
 */
export async function recordQueueEdits({ workdir }: Pick<Place, 'workdir'>, edits: readonly QueueEdit[]) {
  const log = openRunLog(workdir);
  const state = await log.state();
  const bodies = edits.flatMap((edit) => eventOf(state, edit) ?? []);
  const { updatedAtMs: atMs } = state;
  await log.append(bodies.map((body, index) => ({ seq: state.seq + 1 + index, atMs, ...body })));
  return edits.filter((edit) => edit.do !== 'add').map((edit) => line(edit, null));
}

function eventOf(state: EngineState, edit: QueueEdit): (EventBody & { money?: Money }) | null {
  if (edit.do === 'reprioritize') {
    return { type: 'experiment_reprioritized', nodeId: edit.nodeId, priority: edit.priority };
  }
  if (edit.do !== 'remove') return null;
  const keys = EXPERIMENT_PHASES.map((phase) => ledgerKey(phase, edit.nodeId));
  const release = keys.filter((key) => state.ledger.reserved[key]);
  const money = release.length > 0 ? { money: { release } } : {};
  return { type: 'experiment_removed', nodeId: edit.nodeId, byPerson: true, ...money };
}

/** Null when it was done; else why not. */
async function answerTo(place: Place, edit: QueueEdit): Promise<string | null> {
  try {
    await message(place, edit);
    return null;
  } catch (error) {
    if (error instanceof Refusal) return error.advice;
    throw error;
  }
}

async function message(place: Place, edit: QueueEdit): Promise<Receipt | null> {
  const { client, workdir } = place;
  const about = (value: string): SteerOptions => ({ about: { field: workdir.checkpoint, value } });
  switch (edit.do) {
    case 'reprioritize': {
      const { nodeId, priority } = edit;
      return sendUpdate(client, place, messages.reprioritizeUpdate, [{ node_id: nodeId, priority }], about(nodeId));
    }
    case 'remove':
      return sendUpdate(client, place, messages.removeUpdate, [{ node_id: edit.nodeId }], about(edit.nodeId));
    case 'add': {
      const { id, priority, payload } = edit.work;
      const experiment = { ...SpecSchema.parse(payload.node.spec), priority };
      // The same entry is the same request, however often it is read.
      const request = createHash('sha256')
        .update(JSON.stringify([id, experiment]))
        .digest('hex')
        .slice(0, 32);
      // A message alone may come from anybody on the host: this file says that it is the owner's.
      await writeJsonAtomic(workdir.offer(request), experiment);
      return sendUpdate(client, place, messages.addUpdate, [{ experiment, request }], about(id));
    }
    case 'nothing':
      return null;
  }
}

function line(edit: QueueEdit, refused: string | null): string {
  const nodeId = edit.do === 'add' ? edit.work.id : edit.nodeId;
  if (edit.do === 'nothing') return `checkpoint.json: ${nodeId} stays as it is: ${edit.reason}`;
  if (refused !== null) return `checkpoint.json: ${nodeId} stays as it is: ${refused}`;
  if (edit.do === 'reprioritize') return `checkpoint.json: ${nodeId} has priority ${edit.priority} now`;
  return `checkpoint.json: ${nodeId} is ${edit.do === 'add' ? 'queued' : 'removed'}`;
}
