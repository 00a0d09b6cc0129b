/** The live view of a run: a header, and of each section as many lines as the terminal has room for. */
import { durationText, timesText } from '../../domain/reports/quantity-text.js';
import { spendingText } from '../../domain/reports/spending-text.js';
import type { StatusAnswer } from '../run/run-status.js';
import { bestText, overviewSections, plateauText, type Section, toComeText } from './overview-text.js';
import { countsText, standingText } from './status-text.js';

/** At most `rows` lines; those that matter least are left out. */
export function panelLines(answer: Pick<StatusAnswer, 'status' | 'overview' | 'engine'>, rows: number): string[] {
  const { status: view, overview, engine } = answer;
  if (!view || !overview) return ['the run has not begun'];
  const { headspace_left: left } = overview;
  const more = left === null ? '' : ` · headspace left ${left.gain > 0 ? `${timesText(1 + left.gain)}x` : 'none'}`;
  const spent = view.budget.map(spendingText);
  const next = toComeText(overview);
  const header = [
    `${standingText(view, engine !== null)} · ${durationText(overview.elapsed_s)} · ${plateauText(overview)} · ${countsText(view, overview)}`,
    `${bestText(overview)}${more}`,
    ...(next === null ? [] : [`to come: ${next}`]),
    ...(spent.length === 0 ? [] : [`spent: ${spent.join(', ')}`]),
  ];
  return [...header, ...fitted(overviewSections(overview).map(shortened), rows - header.length)].slice(0, rows);
}

/** Nobody reads more of one section while it changes. */
const MOST_LINES = 8;

function shortened(section: Section): Section {
  const { lines } = section;
  if (lines.length <= MOST_LINES) return section;
  const shown = lines.slice(0, MOST_LINES - 1);
  return { ...section, lines: [...shown, `and ${lines.length - shown.length} more`] };
}

/** Lines go from the section with the least weight first, down to one each; then whole sections. */
function fitted(sections: readonly Section[], rows: number): string[] {
  const shown = sections.map((section) => ({ ...section, count: section.lines.length }));
  const height = () => shown.reduce((sum, { count }) => sum + (count === 0 ? 0 : count + 1), 0);
  const byWeight = [...shown].sort((a, b) => a.weight - b.weight);
  for (const least of [1, 0]) {
    for (const section of byWeight) {
      while (section.count > least && height() > rows) section.count -= 1;
    }
  }
  return shown.flatMap(({ title, lines, count }) => (count === 0 ? [] : [title, ...lines.slice(0, count)]));
}
