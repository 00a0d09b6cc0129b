/** The head of the page: which run, where it stands in a word, the views, and what can be asked of it. */
import { useEffect, useState } from 'preact/hooks';
import type { Board } from '../../../domain/board/board-types.js';
import type { BoardAnswer, Change, RunInfo } from '../../../domain/board/page-answers.js';
import { addressOf, type Route } from './route.js';
import { RunControls } from './run-controls.js';
import { Told } from './told.js';

interface HeadProps {
  runs: readonly RunInfo[];
  route: Route;
  answer: BoardAnswer | null;
  isConnected: boolean;
  onChange: ((change: Change) => Promise<boolean>) | null;
}

const VIEWS = [
  { view: 'overview', name: 'Overview' },
  { view: 'queue', name: 'Queue' },
  { view: 'plans', name: 'Plans' },
] as const;

export function PageHead({ runs, route, answer, isConnected, onChange }: HeadProps) {
  const { run } = route;
  const overview = answer?.board?.facts ?? null;
  return (
    <header class="page-head">
      <div class="head-row">
        {runs.length > 1 ? (
          <select
            class="run-name"
            aria-label="Run"
            value={run}
            onChange={(event) => {
              location.hash = addressOf({ view: 'overview', run: Number(event.currentTarget.value) });
            }}
          >
            {runs.map(({ index, title }) => (
              <option key={index} value={index}>
                {title}
              </option>
            ))}
          </select>
        ) : (
          <strong class="run-name" title={answer?.info.workdir}>
            {answer?.info.title ?? 'autoresearch'}
          </strong>
        )}
        {answer && <State answer={answer} />}
        {!isConnected && <span class="state lost">the dashboard has ended</span>}
        <nav aria-label="Views">
          {VIEWS.map(({ view, name }) => (
            <a key={view} href={addressOf({ view, run })} aria-current={route.view === view ? 'page' : undefined}>
              {name}
              {view === 'queue' && answer?.board && <QueueCount board={answer.board} />}
            </a>
          ))}
          {answer?.temporal && (
            <a href={answer.temporal} target="_blank" rel="noreferrer">
              Temporal UI ↗
            </a>
          )}
        </nav>
        <div class="head-end">
          {answer && overview && onChange && <RunControls answer={answer} overview={overview} onChange={onChange} />}
          <Theme />
        </div>
      </div>
      {overview && overview.why !== '' && (
        <p class="why">
          <Told text={overview.why} />
        </p>
      )}
    </header>
  );
}

function QueueCount({ board: { asked, queue } }: { board: Board }) {
  if (asked.length > 0) return <span class="badge asked">{asked.length} for you</span>;
  return queue.length > 0 ? <span class="count"> {queue.length}</span> : null;
}

function State({ answer }: { answer: BoardAnswer }) {
  const status = answer.board?.facts.status ?? 'setup';
  const isAlone = !answer.served && (status === 'running' || status === 'setup' || status === 'draining');
  return <span class={`state state-${isAlone ? 'alone' : status}`}>{isAlone ? 'no engine serves it' : status}</span>;
}

type ThemeName = 'auto' | 'light' | 'dark';
const NEXT: Record<ThemeName, ThemeName> = { auto: 'light', light: 'dark', dark: 'auto' };

function Theme() {
  const [theme, setTheme] = useState<ThemeName>(keptTheme());
  useEffect(() => {
    if (theme === 'auto') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    try {
      localStorage.setItem('autoresearch-theme', theme);
    } catch {
      // A browser that keeps nothing shows its own theme the next time.
    }
  }, [theme]);
  return (
    <button type="button" class="plain" onClick={() => setTheme(NEXT[theme])} aria-label={`Colours: ${theme}`}>
      {{ auto: '◐', light: '☀', dark: '☾' }[theme]}
    </button>
  );
}

function keptTheme(): ThemeName {
  try {
    const kept = localStorage.getItem('autoresearch-theme');
    return kept === 'light' || kept === 'dark' ? kept : 'auto';
  } catch {
    return 'auto';
  }
}
