/** The first view of a run: where it stands, what runs now, its pictures, and all experiments under one filter. */
import { useMemo, useState } from 'preact/hooks';
import type { Board, BoardRow, DiagnosticRow } from '../../../domain/board/board-types.js';
import type { BoardAnswer } from '../../../domain/board/page-answers.js';
import { ChartPanel } from './chart-panel.js';
import { ExperimentTable } from './experiment-table.js';
import { Facts } from './facts.js';
import { type Filter, isShown, LOOKS, looksLike, NO_FILTER } from './filters.js';
import { toExperiment } from './route.js';
import { RunningJobs } from './running-jobs.js';
import type { Source } from './source/source.js';
import { Told } from './told.js';

interface OverviewProps {
  source: Source;
  answer: BoardAnswer;
  board: Board;
}

export function OverviewView({ source, answer, board }: OverviewProps) {
  const [filter, setFilter] = useState<Filter>(NO_FILTER);
  const run = answer.info.index;
  const byId = useMemo(() => new Map(board.rows.map((row) => [row.nodeId, row])), [board.rows]);
  const passes = useMemo(() => (row: BoardRow) => isShown(filter, row), [filter]);
  const shown = useMemo(() => board.rows.filter(passes), [board.rows, passes]);
  const chart = { source, run, version: board.seq, rows: byId, isShown: passes };
  return (
    <>
      <h1 class="hidden">Overview of {answer.info.title}</h1>
      <Facts answer={answer} overview={board.facts} />
      <Diagnostics rows={board.diagnostics} />
      <RunningJobs run={run} served={answer.served} rows={board.running} waiting={board.queue.length} />
      <FilterBar filter={filter} rows={board.rows} shown={shown.length} onFilter={setFilter} />
      <ChartPanel {...chart} name="progress" title="Progress" />
      <ChartPanel {...chart} name="tree" title="Hypothesis tree" />
      <section class="panel">
        <h2>
          Experiments <span class="quiet">by {board.facts.metricName}</span>
        </h2>
        <ExperimentTable run={run} rows={shown} metricName={board.facts.metricName} />
      </section>
      <Findings run={run} findings={board.facts.findings} />
    </>
  );
}

function Diagnostics({ rows }: { rows: readonly DiagnosticRow[] }) {
  if (rows.length === 0) return null;
  return (
    <ul class="notices">
      {rows.map(({ level, what, why, advice }) => (
        <li key={`${what} ${why}`}>
          <strong>
            {level}: {what}:
          </strong>{' '}
          <Told text={why} />
          {advice !== '' && (
            <div class="quiet-on-pale">
              To do: <Told text={advice} />
            </div>
          )}
        </li>
      ))}
    </ul>
  );
}

interface FilterBarProps {
  filter: Filter;
  rows: readonly BoardRow[];
  shown: number;
  onFilter: (filter: Filter) => void;
}

function FilterBar({ filter, rows, shown, onFilter }: FilterBarProps) {
  const toggle = (look: BoardRow['look']) => {
    const looks = new Set(filter.looks);
    if (!looks.delete(look)) looks.add(look);
    onFilter({ ...filter, looks });
  };
  const offered = LOOKS.map((each) => ({ ...each, count: rows.filter((row) => looksLike(row, each.look)).length }));
  return (
    <search class="filter" aria-label="Filter of pictures and table">
      <input
        type="search"
        placeholder="Find an experiment"
        aria-label="Find an experiment"
        value={filter.text}
        onInput={(event) => onFilter({ ...filter, text: event.currentTarget.value })}
      />
      {offered
        .filter(({ count, look }) => count > 0 || filter.looks.has(look))
        .map(({ look, name, count }) => (
          <button
            type="button"
            key={look}
            class="chip"
            data-look={look}
            aria-pressed={filter.looks.has(look)}
            onClick={() => toggle(look)}
          >
            <span class="look-mark" aria-hidden="true" />
            {name} <span class="count">{count}</span>
          </button>
        ))}
      <output class="count">
        {shown === rows.length ? `${rows.length} experiments` : `${shown} of ${rows.length}`}
      </output>
    </search>
  );
}

function Findings({ run, findings }: { run: number; findings: Board['facts']['findings'] }) {
  if (findings.length === 0) return null;
  return (
    <section class="panel">
      <h2>Last findings</h2>
      <ul class="findings">
        {findings.map(({ nodeId, text }, index) => (
          <li key={index}>
            <a href={toExperiment(run, nodeId)}>{nodeId}</a> <Told text={text} />
          </li>
        ))}
      </ul>
    </section>
  );
}
