/** What is said without a model: sentences from the view of a run, by rules. */
import type { Overview } from '../../../domain/overview/overview.js';
import { VERDICT_TEXTS } from '../../../domain/reports/judgement-text.js';
import { durationText, gainText, objectiveText } from '../../../domain/reports/quantity-text.js';
import { limitBehind } from '../../../domain/run/limits.js';
import { bestText, diagnosticLines, toComeText } from '../../output/overview-text.js';
import { standingText } from '../../output/status-text.js';
import type { StatusAnswer } from '../../run/run-status.js';
import type { ExperimentFacts } from '../../tools/experiment-facts.js';

/** A few sentences; the tables follow where they are asked for. */
export function goingText({ status: view, overview, engine }: StatusAnswer): string {
  if (!view || !overview) return 'The run has not begun yet: its source is being set up.';
  const { diagnostics, under_way: jobs } = overview;
  const running = jobs.filter(({ step }) => step === 'running');
  const next = toComeText(overview);
  return [
    `It is ${standingText(view, engine !== null)}, ${durationText(overview.elapsed_s)} after its start: ${capital(bestText(overview))}.`,
    overview.headspace_text,
    ...(running.length > 0 ? [`Running: ${running.map(jobText).join(', ')}.`] : []),
    ...(next === null ? [] : [`To come: ${next}.`]),
    ...(diagnostics.length === 0
      ? ['Nothing is the matter.']
      : ['', ...diagnostics.slice(0, MOST).flatMap(diagnosticLines)]),
  ].join('\n');
}

const MOST = 4;

function jobText({ node_id, left_s }: Overview['under_way'][number]): string {
  return left_s === null
    ? node_id
    : `${node_id} (${left_s > 0 ? `${durationText(Math.ceil(left_s))} left` : 'should end now'})`;
}

/** Why it failed, or what it came to where it did not. */
export function whyText(facts: ExperimentFacts): string {
  const { node_id, failure, to_do, objective, gain, verdict, why, doubt, stderr, stdout } = facts;
  if (failure === null || failure.kind === 'pruned') {
    const worth = gain === null ? '' : `, ${gainText(gain)} vs the baseline`;
    const measured = objective === null ? 'has no result yet' : `measured ${objectiveText(objective)}${worth}`;
    const judged = verdict === null ? '' : ` It is judged ${VERDICT_TEXTS[verdict]}${why === null ? '' : `: ${why}`}.`;
    const early = failure === null ? '' : ` It was ended early, which is no failure: ${failure.message}`;
    return `${node_id} did not fail: it is ${facts.status} and ${measured}.${judged}${early}${doubt === null ? '' : ` It does not count: ${doubt}`}`;
  }
  const log = [stderr, stdout].find((text) => text.trim() !== '') ?? '';
  const end =
    log.trim() === ''
      ? []
      : [
          'The end of its log:',
          ...log
            .trimEnd()
            .split('\n')
            .slice(-LOG_LINES)
            .map((line) => `    ${line}`),
        ];
  return [`${node_id} failed (${failure.kind}): ${failure.message}`, ...end, `What to do: ${to_do}`].join('\n');
}

const LOG_LINES = 12;

/** What a larger budget would be spent on, by what bounds the run now. */
export function moreBudgetText({ status: view, overview }: StatusAnswer): string {
  if (!view || !overview) return 'Nothing is measured yet: ask again once the baseline and the headspace are known.';
  const { headspace_left: left, to_come: next, candidates, queue, unreached, plateau } = overview;
  const lines: string[] = [overview.headspace_text];
  const isReached = left !== null && left.high < WORTH_HAVING;
  if (isReached)
    lines.push(
      'More experiments on data loading would gain nothing: I would stop here, and look at the model instead.',
    );
  const bound = view.stop === null ? null : limitBehind(view.stop.reason);
  if (bound !== null)
    lines.push(
      `The run ended by ${bound}: raising that first lets it go on ("set ${bound} to ${doubled(view.limits[bound])}").`,
    );
  if (view.stop?.reason === 'plateau' || (next !== null && plateau.rounds + 1 >= plateau.patience && !isReached)) {
    lines.push(
      `It has won nothing for ${plateau.rounds} rounds in a row (patience ${plateau.patience}): I would spend more on patience ("set patience to ${plateau.patience + 2}") only with a new idea in a note.`,
    );
  }
  if (queue.length > 0)
    lines.push(
      `First the ${queue.length} queued: ${queue
        .slice(0, 3)
        .map(({ node_id }) => node_id)
        .join(', ')}${queue.length > 3 ? ' and others' : ''}.`,
    );
  if (candidates.length > 0)
    lines.push(`Then repeats of ${candidates.map(({ node_id }) => node_id).join(', ')}, until they are decided.`);
  if (next && next.untried.length > 0) lines.push(`Then what was never tried: ${next.untried.join(', ')}.`);
  const near = overview.results
    .filter(
      ({ kind, gain, is_best, verdict }) =>
        kind !== 'headspace' && !is_best && (gain ?? 0) > 1.01 && verdict !== 'quarantine',
    )
    .slice(0, 3);
  if (near.length > 0)
    lines.push(
      `Then combinations of what came near: ${near.map(({ node_id, gain }) => `${node_id} (${gainText(gain)})`).join(', ')}.`,
    );
  if (unreached.length > 0) lines.push(`A hand of yours would open more: ${unreached.slice(0, 3).join(' ')}`);
  if (lines.length === 1 && !isReached)
    lines.push('I would add planning rounds ("set rounds to 20"): the planner has not run out of ideas.');
  return lines.join('\n');
}

/** Below this share nothing is to be had. */
const WORTH_HAVING = 0.03;

function doubled(value: number | null): string {
  return value === null ? 'none' : String(2 * value);
}

function capital(text: string): string {
  return text.startsWith('best ') ? `the best is ${text.slice('best '.length)}` : text;
}

export const HELP = `Ask or tell me, in words like these:
  how is it going              status              what is the matter
  show 004                     why did 004 fail    show the diff of 004
  results                      queue               tree
  try batch size 64 next       run 007 first       remove 007     cancel 005
  set patience to 5            set budget to 10    tell the planner that …
  what waits for me            approve 004         refuse 004: too large
  pause    resume              stop after the running ones    stop    kill the jobs
  what would you do with more budget               write the report
  quit                         (the engine goes on; \`autoresearch supervise\` comes back to it)`;
