/** The moves that a planner may name, as its prompt lists them: what each does, where, and how to say it. */
import { MOVES, type MoveName } from '../../domain/proposals/moves.js';
import type { PlanTask } from '../agent.js';

/** More knobs than this make no prompt better. */
const KNOBS_SHOWN = 40;

/** '' where nothing is offered. */
export function offeredMovesText({ moves = [], knobs = [] }: Pick<PlanTask, 'moves' | 'knobs'>): string {
  if (moves.length + knobs.length === 0) return '';
  const names = [...new Set(moves.map(({ move }) => move))];
  const offered = names.map(
    (name) =>
      `- ${line(
        name,
        moves.filter(({ move }) => move === name),
      )}`,
  );
  const shown = knobs.slice(0, KNOBS_SHOWN).map((text) => `\`${text}\``);
  const set =
    shown.length === 0 ? [] : [`- \`{"move": "set", "knob": ID, "value": N}\`: sets a number: ${shown.join(', ')}.`];
  return [
    '## Moves',
    '',
    'Code makes these changes of the code above by itself, at no cost and without mistakes: name them in `moves` of an experiment that starts from it,',
    'in the order in which they are to be made. Describe in `changes` only what no move does; an agent makes that on top of them.',
    '',
    ...offered,
    ...set,
    '',
  ].join('\n');
}

function line(move: MoveName, calls: readonly { stage?: string }[]): string {
  const facts: { says: string; number?: { name: string; says: string } } = MOVES[move];
  const stages = calls.flatMap(({ stage }) => (stage === undefined ? [] : [stage]));
  const stage = stages.length > 0 ? `, "stage": ${JSON.stringify(stages[0])}` : '';
  const where = stages.length > 0 ? ` Stages: ${stages.join(', ')}.` : '';
  const number = facts.number ? ` May have \`${facts.number.name}\` (${facts.number.says}).` : '';
  return `\`{"move": "${move}"${stage}}\`: ${facts.says}${where}${number}`;
}
