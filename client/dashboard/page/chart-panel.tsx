/**
 * A picture of the run, drawn by the server and made live: details of the mark under the pointer or the arrow keys, a
 * click or Enter opens its experiment. What a filter leaves out is pale.
 */
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { BoardRow } from '../../../domain/board/board-types.js';
import { toExperiment } from './route.js';
import type { ChartName, Source } from './source/source.js';

interface ChartPanelProps {
  source: Source;
  run: number;
  name: 'progress' | 'tree';
  title: string;
  /** Grows with each change of the run. */
  version: number;
  rows: ReadonlyMap<string, BoardRow>;
  isShown: (row: BoardRow) => boolean;
}

/** Drawn at most this often: a run of many short jobs changes all the time. */
const REDRAW_MS = 1500;

export function ChartPanel({ source, run, name, title, version, rows, isShown }: ChartPanelProps) {
  const frame = useRef<HTMLDivElement>(null);
  const [zoom, setZoom] = useState(1);
  const width = useWidth(frame);
  const [isWhole, setWhole] = useState(false);
  const svg = useChart(source, run, name === 'progress' && isWhole ? 'progress-all' : name, width, version);
  const [at, setAt] = useState<{ nodeId: string; x: number; y: number } | null>(null);
  const row = at === null ? undefined : rows.get(at.nodeId);

  useLayoutEffect(() => {
    for (const mark of marksIn(frame.current)) {
      const known = rows.get(mark.dataset.node ?? '');
      mark.classList.toggle('pale', known !== undefined && !isShown(known));
    }
  }, [svg, isShown, rows]);
  useLayoutEffect(() => {
    const drawn = frame.current?.querySelector('svg');
    if (drawn && name === 'tree') drawn.style.width = `${zoom * Number(drawn.getAttribute('width'))}px`;
    if (drawn && name === 'tree') drawn.style.height = 'auto';
  }, [svg, zoom, name]);

  const show = (mark: SVGElement | null) => {
    for (const each of frame.current?.querySelectorAll('.chosen') ?? []) each.classList.remove('chosen');
    const nodeId = mark?.dataset.node;
    if (!mark || nodeId === undefined || !frame.current) return setAt(null);
    mark.classList.add('chosen');
    const [box, around] = [mark.getBoundingClientRect(), frame.current.getBoundingClientRect()];
    setAt({ nodeId, x: box.left + box.width / 2 - around.left, y: box.bottom - around.top });
  };
  const step = (by: number) => {
    const marks = marksIn(frame.current).filter((mark) => !mark.classList.contains('pale'));
    const now = marks.findIndex((mark) => mark.classList.contains('chosen'));
    const next = marks[now < 0 ? 0 : Math.min(marks.length - 1, Math.max(0, now + by))];
    next?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
    show(next ?? null);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (by !== undefined) step(by);
    else if (event.key === 'Enter' && at) location.hash = toExperiment(run, at.nodeId);
    else if (event.key === 'Escape') show(null);
    else return;
    event.preventDefault();
  };
  const markUnder = ({ target }: Event) => (target as Element).closest<SVGElement>('[data-node]');

  return (
    <section class="panel">
      <div class="panel-head">
        <h2>{title}</h2>
        {name === 'progress' && (
          <button type="button" aria-pressed={isWhole} onClick={() => setWhole(!isWhole)}>
            Step times, jobs and GPU
          </button>
        )}
        {name === 'tree' && (
          <div class="buttons">
            <button type="button" onClick={() => setZoom(zoom * 0.8)} aria-label="Smaller">
              −
            </button>
            <button type="button" onClick={() => setZoom(1)} title="Natural size">
              1:1
            </button>
            <button type="button" onClick={() => setZoom(zoom * 1.25)} aria-label="Larger">
              +
            </button>
          </div>
        )}
      </div>
      <div class="chart-around">
        {/* biome-ignore lint/a11y/useSemanticElements: a fieldset is for forms, this groups the marks of a picture */}
        <div
          ref={frame}
          class={`chart chart-${name}`}
          role="group"
          // biome-ignore lint/a11y/noNoninteractiveTabindex: the arrow keys go through its marks
          tabIndex={0}
          aria-label={`${title}. The arrow keys go through the experiments, Enter opens one; the table below holds the same.`}
          onKeyDown={onKeyDown}
          onBlur={() => show(null)}
          onPointerMove={(event) => {
            if (event.pointerType !== 'touch') show(markUnder(event));
          }}
          onPointerLeave={() => show(null)}
          onClick={(event) => {
            const nodeId = markUnder(event)?.dataset.node;
            if (nodeId !== undefined) location.hash = toExperiment(run, nodeId);
          }}
        >
          {/* Our own picture, whose texts are escaped. */}
          <div aria-hidden="true" dangerouslySetInnerHTML={{ __html: svg ?? '' }} />
        </div>
        <div class="tip" aria-live="polite" hidden={!row} style={row && at ? tipPlace(at, width) : {}}>
          {row && (
            <>
              <strong>{row.nodeId}</strong>
              <span>{row.status}</span>
              {row.value !== null && <span class="number">{row.valueText}</span>}
              {row.gain !== null && <span class="number">{row.gainText} against the baseline</span>}
            </>
          )}
        </div>
      </div>
    </section>
  );
}

const TIP_WIDTH = 240;

function tipPlace({ x, y }: { x: number; y: number }, width: number) {
  return { left: `${Math.max(0, Math.min(x - TIP_WIDTH / 2, width - TIP_WIDTH))}px`, top: `${y + 8}px` };
}

function marksIn(frame: HTMLElement | null): SVGElement[] {
  return [...(frame?.querySelectorAll<SVGElement>('[data-node]') ?? [])];
}

/** In steps, so that a window that is being made larger asks for few pictures. */
const WIDTH_STEP = 20;

function useWidth(frame: { current: HTMLElement | null }): number {
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const watched = frame.current;
    if (!watched) return;
    const measure = () => setWidth(Math.max(300, Math.floor(watched.clientWidth / WIDTH_STEP) * WIDTH_STEP));
    const observer = new ResizeObserver(measure);
    observer.observe(watched);
    measure();
    return () => observer.disconnect();
  }, [frame]);
  return width;
}

function useChart(source: Source, run: number, name: ChartName, width: number, version: number) {
  const [svg, setSvg] = useState<string | null>(null);
  const drawnAt = useRef(0);
  useEffect(() => {
    if (width === 0) return;
    let isOver = false;
    const timer = setTimeout(
      () => {
        drawnAt.current = Date.now();
        source.chart(run, name, width).then(
          (drawn) => {
            if (!isOver) setSvg(drawn);
          },
          () => undefined,
        );
      },
      Math.max(0, drawnAt.current + REDRAW_MS - Date.now()),
    );
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, [source, run, name, name === 'tree' ? width > 0 : width, version]);
  return svg;
}
