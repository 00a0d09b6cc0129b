/** A message to a run that nobody serves now: kept for the next engine, with what will come of it. */

import { shellWord } from '../../domain/command/shell-word.js';
import type { GivenMessage, Receipt } from '../../domain/protocol/steering-messages.js';
import { endsAtOnce, givenProblem } from '../../domain/run/given-more.js';
import { flagOf, limitBehind, type StopReason } from '../../domain/run/limits.js';
import type { Workdir } from '../../workdir/paths.js';
import { BEGIN_ANEW } from '../output/begin-anew.js';
import { EXIT } from '../output/exit-codes.js';
import { Refusal } from '../output/refusal.js';
import { refusingFiles } from '../output/refused-file.js';
import { refuseCleaned } from '../run/cleaned-run.js';
import { readState } from '../run/run-state.js';
import { keepMessage, waitingMessages } from './message-box.js';

/** What becomes of a message to a run that nobody serves: it is checked, and waits. */
export function keptForLater(given: GivenMessage, { field, value }: { field: string; value: unknown }) {
  return async (workdir: Workdir): Promise<Receipt> => {
    const problem = givenProblem(given);
    if (problem !== null) throw new Refusal(field, value, problem);
    return await giveLater(workdir, given);
  };
}

/** A Refusal where no message lets the run go on. */
export async function giveLater(workdir: Workdir, given: GivenMessage): Promise<Receipt> {
  await refuseCleaned(workdir);
  const state = await readState(workdir);
  const others = (await refusingFiles(() => waitingMessages(workdir))).filter(
    ({ request }) => request !== given.request,
  );
  const end = state?.status === 'stopped' ? endsAtOnce(state, [...others, given]) : null;
  if (end?.reason === 'baseline_failed') {
    const advice = `the run cannot go on: ${end.detail.replace(/\.$/, '')}; ${BEGIN_ANEW}`;
    throw new Refusal('workdir', workdir.root, advice, EXIT.notRunning);
  }
  await keepMessage(workdir, given);
  const run = `\`autoresearch run ${shellWord(workdir.root)}\``;
  if (end === null) return { accepted: true, message: `kept, as no engine works on it now: ${run} goes on with it` };
  const message = `kept, but ${run} would end again at once (${end.reason}: ${end.detail}); ${adviceFor(end.reason, workdir)}`;
  return { accepted: true, message };
}

function adviceFor(reason: StopReason, { root }: Workdir): string {
  const limit = limitBehind(reason);
  return limit === null
    ? `\`autoresearch add ${shellWord(root)}\` gives it an experiment to run`
    : `raise that limit as well, with \`autoresearch set ${shellWord(root)} ${flagOf(limit)}\``;
}
