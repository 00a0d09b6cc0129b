/** What the page asks of a run: each is the act of a command, so that the same rules and receipts come of it. */
import { z } from 'zod';
import { queuedRows } from '../../domain/board/board.js';
import type { ChangeAnswer } from '../../domain/board/page-answers.js';
import { movesTo } from '../../domain/board/queue-move.js';
import type { Receipt } from '../../domain/protocol/steering-messages.js';
import { isRequestId } from '../../domain/run/naming.js';
import { type CommandDefinition, type Options, silentCli } from '../command-definition.js';
import { ADD } from '../commands/add.js';
import { APPROVE, REFUSE } from '../commands/approve.js';
import { SET } from '../commands/set.js';
import { CANCEL, NOTE, PAUSE, PRIORITIZE, REMOVE, RESUME } from '../commands/steer.js';
import { STOP } from '../commands/stop.js';
import { EXIT } from '../output/exit-codes.js';
import { Refusal } from '../output/refusal.js';
import type { RunFeed } from './run-feed.js';

const text = (most: number) => z.string().max(most);
const node = z.string().min(1).max(128);

/** `request` names what is asked, so that one which is sent twice acts once. */
export const ChangeSchema = z
  .discriminatedUnion('do', [
    z.object({ do: z.enum(['pause', 'resume']) }),
    z.object({ do: z.literal('stop'), mode: z.enum(['interrupt', 'drain', 'cancel_jobs']) }),
    z.object({ do: z.literal('move'), node, to: z.number().int().min(0) }),
    z.object({ do: z.literal('prioritize'), node, priority: z.number() }),
    z.object({ do: z.enum(['remove', 'cancel']), node }),
    z.object({ do: z.literal('approve'), node }),
    z.object({ do: z.literal('approve_changed'), node, change: text(10_000).min(1) }),
    z.object({ do: z.literal('refuse'), node, reason: text(2_000) }),
    z.object({ do: z.literal('ask_for'), stage: z.enum(['none', 'plans', 'edits']) }),
    z.object({ do: z.literal('note'), text: text(10_000) }),
    z.object({
      do: z.literal('add'),
      name: text(64),
      description: text(20_000),
      hypothesis: text(5_000),
      launchCommand: text(10_000),
      priority: z.number(),
    }),
  ])
  .and(z.object({ request: z.string().refine(isRequestId, 'a request is 1 to 64 letters, digits, - or _') }));
type AskedChange = z.output<typeof ChangeSchema>;

/** Never throws for what the engine refuses: that is an answer. */
export async function makeChange(feed: RunFeed, change: AskedChange): Promise<ChangeAnswer> {
  try {
    const receipts = await act(feed, change);
    const last = receipts.at(-1);
    if (last === undefined) return { accepted: true, message: 'it stands there already' };
    return { accepted: last.accepted, message: last.node_id ? `${last.node_id}: ${last.message}` : last.message };
  } catch (error) {
    if (error instanceof Refusal) return { accepted: false, message: error.message };
    return { accepted: false, message: `nothing was changed as far as can be told: ${(error as Error).message}` };
  }
}

async function act(feed: RunFeed, change: AskedChange): Promise<Receipt[]> {
  const path = feed.workdir.root;
  const { request } = change;
  switch (change.do) {
    case 'pause':
      return [await receiptOf(PAUSE, [path], { request })];
    case 'resume':
      return [await receiptOf(RESUME, [path], { request })];
    case 'stop': {
      const modes = { interrupt: {}, drain: { drain: true }, cancel_jobs: { cancelJobs: true } };
      return [await receiptOf(STOP, [path], { ...modes[change.mode], wait: false, request })];
    }
    case 'prioritize':
      return [await receiptOf(PRIORITIZE, [path, change.node, String(change.priority)], { request })];
    case 'move':
      return await move(feed, change.node, change.to, request);
    case 'remove':
      return [await receiptOf(REMOVE, [path, change.node], { request })];
    case 'cancel':
      return [await receiptOf(CANCEL, [path, change.node], { request })];
    case 'approve':
      return [await receiptOf(APPROVE, [path, change.node], { request })];
    case 'approve_changed':
      return [await receiptOf(APPROVE, [path, change.node], { change: change.change, request })];
    case 'refuse': {
      const reason = change.reason.trim() === '' ? {} : { reason: change.reason };
      return [await receiptOf(REFUSE, [path, change.node], { ...reason, request })];
    }
    case 'ask_for':
      return [await receiptOf(SET, [path], { approve: change.stage, request })];
    case 'note':
      return [await receiptOf(NOTE, [path, change.text], { request })];
    case 'add': {
      // No other flags: --file and --patch read files of this host.
      const { name, description, hypothesis, launchCommand, priority } = change;
      const given = Object.entries({ description, hypothesis, launchCommand }).filter(
        ([, value]) => value.trim() !== '',
      );
      const options = { name, ...Object.fromEntries(given), priority: String(priority), request };
      return [await receiptOf(ADD, [path], options)];
    }
  }
}

/** What the command would print as JSON. A Refusal as there. */
async function receiptOf(command: CommandDefinition, args: readonly string[], options: Options): Promise<Receipt> {
  const result = await command.act(args, options, silentCli());
  if (typeof result === 'number') return { accepted: result === EXIT.ok, message: 'done' };
  return result.answer as Receipt;
}

/** Each message is one of its own; what was moved itself comes last. */
async function move(feed: RunFeed, nodeId: string, to: number, request: string): Promise<Receipt[]> {
  await feed.catchUp();
  const receipts: Receipt[] = [];
  for (const [index, each] of movesTo(queuedRows(feed.record.state), nodeId, to).entries()) {
    const own = `${request.slice(0, 56)}-${index}`;
    const args = [feed.workdir.root, each.nodeId, String(each.priority)];
    receipts.push(await receiptOf(PRIORITIZE, args, { request: own }));
  }
  return receipts;
}
