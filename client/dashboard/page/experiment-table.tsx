/** The table of experiments. Only the rows that are seen are in the page: a thousand cost no more than twenty. */
import { useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { BoardRow } from '../../../domain/board/board-types.js';
import { type Sort, type SortKey, sorted } from './filters.js';
import { gainClass, LookMark } from './look.js';
import { toExperiment } from './route.js';

const ROW_PX = 34;
const MOST_SHOWN = 16;
/** Above and below what is seen. */
const SPARE = 6;

interface Column {
  key: SortKey;
  title: string;
  isNumber: boolean;
  /** Left out where there is little room. */
  isExtra: boolean;
}

const COLUMNS: readonly Column[] = [
  { key: 'nodeId', title: 'Experiment', isNumber: false, isExtra: false },
  { key: 'status', title: 'Status', isNumber: false, isExtra: false },
  { key: 'value', title: 'Result', isNumber: true, isExtra: false },
  { key: 'gain', title: 'vs baseline', isNumber: true, isExtra: false },
  { key: 'stepMs', title: 'Step', isNumber: true, isExtra: true },
  { key: 'readyPct', title: 'Data ready', isNumber: true, isExtra: true },
  { key: 'smPct', title: 'SM', isNumber: true, isExtra: true },
  { key: 'durationS', title: 'Job', isNumber: true, isExtra: true },
  { key: 'endedS', title: 'Ended after', isNumber: true, isExtra: true },
];

interface TableProps {
  run: number;
  rows: readonly BoardRow[];
  /** What results are compared by, with its unit. */
  metricName: string;
}

export function ExperimentTable({ run, rows, metricName }: TableProps) {
  const [sort, setSort] = useState<Sort>({ key: 'order', isDescending: false });
  const [top, setTop] = useState(0);
  const box = useRef<HTMLDivElement>(null);
  const all = useMemo(() => sorted(rows, sort), [rows, sort]);
  useLayoutEffect(() => {
    if (box.current) setTop(box.current.scrollTop);
  }, [all]);
  const first = Math.max(0, Math.floor(top / ROW_PX) - SPARE);
  const shown = all.slice(first, first + MOST_SHOWN + 2 * SPARE);
  const columns = COLUMNS.filter(({ key }) => key !== 'smPct' || rows.some(({ smPct }) => smPct !== null));
  const below = all.length - first - shown.length;
  return (
    <section
      class="table-box"
      ref={box}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be within reach of the keyboard
      tabIndex={0}
      aria-label={`Experiments; results are ${metricName}`}
      style={{ maxHeight: `${(MOST_SHOWN + 1) * ROW_PX}px` }}
      onScroll={(event) => setTop(event.currentTarget.scrollTop)}
    >
      <table class="experiments" aria-rowcount={all.length + 1}>
        <thead>
          <tr aria-rowindex={1}>
            {columns.map((column) => (
              <Heading key={column.key} column={column} sort={sort} onSort={setSort} />
            ))}
          </tr>
        </thead>
        <tbody>
          <Spacer rows={first} />
          {shown.map((row, index) => (
            <Row key={row.nodeId} run={run} row={row} index={first + index + 2} columns={columns} />
          ))}
          <Spacer rows={below} />
        </tbody>
      </table>
      {all.length === 0 && <p class="empty">No experiment fits the filter.</p>}
    </section>
  );
}

function Heading({ column, sort, onSort }: { column: Column; sort: Sort; onSort: (sort: Sort) => void }) {
  const { key, title, isNumber, isExtra } = column;
  const isBy = sort.key === key;
  const next = (): Sort => {
    if (!isBy) return { key, isDescending: isNumber };
    return sort.isDescending === isNumber ? { key, isDescending: !isNumber } : { key: 'order', isDescending: false };
  };
  const arrow = isBy ? (sort.isDescending ? ' ↓' : ' ↑') : '';
  return (
    <th
      class={`${isNumber ? 'right' : ''}${isExtra ? ' extra' : ''}`}
      aria-sort={isBy ? (sort.isDescending ? 'descending' : 'ascending') : 'none'}
    >
      <button type="button" class="plain" onClick={() => onSort(next())}>
        {title}
        {arrow}
      </button>
    </th>
  );
}

function Row({ run, row, index, columns }: { run: number; row: BoardRow; index: number; columns: readonly Column[] }) {
  return (
    <tr aria-rowindex={index} class={row.isBest ? 'best' : ''}>
      {columns.map(({ key, isNumber, isExtra }) => (
        <td key={key} class={`${isNumber ? 'right' : ''}${isExtra ? ' extra' : ''}`}>
          {cell(run, row, key)}
        </td>
      ))}
    </tr>
  );
}

function cell(run: number, row: BoardRow, key: SortKey) {
  switch (key) {
    case 'nodeId':
      return (
        <a href={toExperiment(run, row.nodeId)} title={row.nodeId}>
          {row.nodeId}
          {row.isBest && <span class="badge">best</span>}
        </a>
      );
    case 'status':
      return <LookMark look={row.look} text={row.status} />;
    case 'value':
      return <span class="number">{row.numberText}</span>;
    case 'gain':
      return (
        <span class={row.kind === 'headspace' ? 'number quiet' : gainClass(row.gain, row.look)}>{row.gainText}</span>
      );
    case 'stepMs':
      return <span class="number">{row.stepMs === null ? '-' : `${short(row.stepMs)} ms`}</span>;
    case 'readyPct':
      return <span class="number">{row.readyPct === null ? '-' : `${Math.round(row.readyPct)}%`}</span>;
    case 'smPct':
      return <span class="number">{row.smPct === null ? '-' : `${Math.round(row.smPct)}%`}</span>;
    case 'durationS':
      return <span class="number">{row.durationS === null ? '-' : `${short(row.durationS)} s`}</span>;
    case 'endedS':
      return <span class="number">{row.endedS === null ? '-' : minutes(row.endedS)}</span>;
    default:
      return null;
  }
}

const short = (value: number) => (value >= 100 ? String(Math.round(value)) : String(Number(value.toPrecision(3))));
const minutes = (seconds: number) => (seconds < 60 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60)} min`);

function Spacer({ rows }: { rows: number }) {
  if (rows <= 0) return null;
  return (
    <tr class="spacer">
      <td style={{ height: `${rows * ROW_PX}px` }} />
    </tr>
  );
}
