/** The page: finds its source, keeps the run's board up to date, and shows the view that the address names. */
import { render } from 'preact';
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import type { BoardAnswer, Change, RunInfo } from '../../../domain/board/page-answers.js';
import { CompareView } from './experiment/compare-view.js';
import { ExperimentView } from './experiment/experiment-view.js';
import { OverviewView } from './overview-view.js';
import { PageHead } from './page-head.js';
import { PlansView } from './plans-view.js';
import { QueueView } from './queue-view.js';
import { type Route, routeOf } from './route.js';
import { type KeptReceipt, Receipts } from './run-controls.js';
import { liveSource } from './source/live-source.js';
import { sharedSource } from './source/shared-source.js';
import type { Source } from './source/source.js';

const RECEIPTS_KEPT = 4;

function App({ source }: { source: Source }) {
  const route = useRoute();
  const runs = useRuns(source);
  const { answer, isConnected } = useBoard(source, route.run);
  const [receipts, setReceipts] = useState<readonly KeptReceipt[]>([]);
  const main = useRef<HTMLElement>(null);
  const place = JSON.stringify(route);
  const before = useRef(place);
  useEffect(() => {
    // A person who uses the keyboard goes on from the top of what is new.
    if (before.current === place) return;
    before.current = place;
    main.current?.focus();
    scrollTo(0, 0);
  }, [place]);

  const change = useCallback(
    async (asked: Change) => {
      const said = await source.change(route.run, asked);
      const receipt = { ...said, id: Date.now() + Math.random(), what: changeName(asked) };
      setReceipts((kept) => [...kept, receipt].slice(-RECEIPTS_KEPT));
      return said.accepted;
    },
    [source, route.run],
  );
  const isUnknown = runs.length > 0 && !runs.some(({ index }) => index === route.run);
  const canChange = source.isLive && answer !== null;
  useEffect(() => {
    document.title = answer ? `${answer.info.title} - autoresearch` : 'autoresearch';
  }, [answer?.info.title]);

  return (
    <>
      <button type="button" class="skip" onClick={() => main.current?.focus()}>
        To the content
      </button>
      <PageHead
        runs={runs}
        route={route}
        answer={answer}
        isConnected={isConnected}
        onChange={canChange ? change : null}
      />
      <main id="main" ref={main} tabIndex={-1}>
        {isUnknown ? (
          <p class="empty">There is no run {route.run} here.</p>
        ) : (
          <View source={source} route={route} answer={answer} onChange={canChange ? change : null} />
        )}
      </main>
      <Receipts receipts={receipts} onDismiss={() => setReceipts([])} />
    </>
  );
}

interface ViewProps {
  source: Source;
  route: Route;
  answer: BoardAnswer | null;
  onChange: ((change: Change) => Promise<boolean>) | null;
}

function View({ source, route, answer, onChange }: ViewProps) {
  const board = answer?.board;
  if (!answer) return <p class="empty">Loading …</p>;
  if (!board) return <p class="empty">Nothing has happened in this run yet.</p>;
  const { run } = route;
  const version = board.seq;
  switch (route.view) {
    case 'queue':
      return <QueueView answer={answer} board={board} onChange={onChange} />;
    case 'plans':
      return <PlansView run={run} plans={board.plans} unreached={board.facts.unreached} />;
    case 'experiment': {
      const { nodeId } = route;
      const cancel = answer.served && onChange ? () => void onChange({ do: 'cancel', node: nodeId }) : null;
      const key = `${run}-${nodeId}`;
      const known = { source, run, nodeId, version, rows: board.rows };
      return <ExperimentView key={key} {...known} onCancel={cancel} />;
    }
    case 'compare':
      return <CompareView source={source} run={run} one={route.one} other={route.other} version={version} />;
    default:
      return <OverviewView source={source} answer={answer} board={board} />;
  }
}

function changeName(change: Change): string {
  if (change.do === 'move') return `Move ${change.node}`;
  if (change.do === 'add') return `Add ${change.name}`;
  if (change.do === 'ask_for') return 'Ask for approval';
  if (change.do === 'approve_changed') return `Change ${change.node}`;
  const name = change.do[0]!.toUpperCase() + change.do.slice(1);
  return 'node' in change ? `${name} ${change.node}` : name;
}

function useRoute(): Route {
  const [route, setRoute] = useState(routeOf(location.hash));
  useEffect(() => {
    const look = () => setRoute(routeOf(location.hash));
    addEventListener('hashchange', look);
    return () => removeEventListener('hashchange', look);
  }, []);
  return route;
}

function useRuns(source: Source): readonly RunInfo[] {
  const [runs, setRuns] = useState<readonly RunInfo[]>([]);
  useEffect(() => void source.runs().then(setRuns, () => undefined), [source]);
  return runs;
}

/** Asked for anew at each change, one question at a time. */
function useBoard(source: Source, run: number): { answer: BoardAnswer | null; isConnected: boolean } {
  const [answer, setAnswer] = useState<BoardAnswer | null>(null);
  const [isConnected, setConnected] = useState(true);
  useEffect(() => {
    let isOver = false;
    let isAsking = false;
    let isStale = false;
    setAnswer(null);
    const ask = async () => {
      if (isAsking) {
        isStale = true;
        return;
      }
      isAsking = true;
      do {
        isStale = false;
        const given = await source.board(run).catch(() => null);
        if (isOver) return;
        if (given) setAnswer(given);
      } while (isStale);
      isAsking = false;
    };
    void ask();
    const end = source.listen((changed) => {
      if (changed === run) void ask();
    }, setConnected);
    // Who serves a run is no event of it.
    const timer = source.isLive ? setInterval(() => !document.hidden && void ask(), LOOK_MS) : undefined;
    return () => {
      isOver = true;
      clearInterval(timer);
      end();
    };
  }, [source, run]);
  return { answer, isConnected };
}

const LOOK_MS = 15_000;

const shared = document.getElementById('shared');
const app = document.getElementById('app');
if (app) {
  app.replaceChildren();
  render(<App source={shared ? sharedSource(shared.textContent ?? '') : liveSource} />, app);
}
