/** All of one experiment: what it tried, what came of it, and how its job spent its time. */
import { useState } from 'preact/hooks';
import type { BoardRow, ExperimentPage } from '../../../../domain/board/board-types.js';
import type { ExperimentAnswer } from '../../../../domain/board/page-answers.js';
import { LookMark } from '../look.js';
import { addressOf, toExperiment } from '../route.js';
import { Scroll } from '../scroll.js';
import type { Source } from '../source/source.js';
import { Told } from '../told.js';
import { useAnswer } from '../use-answer.js';
import { DiffView } from './diff-view.js';
import { LogView } from './log-view.js';
import { Metrics } from './metrics.js';
import { StageBars } from './stage-bars.js';
import { Timeline } from './timeline.js';

interface ExperimentProps {
  source: Source;
  run: number;
  nodeId: string;
  version: number;
  rows: readonly BoardRow[];
  /** Null where nothing can be changed. */
  onCancel: (() => void) | null;
}

export function ExperimentView({ source, run, nodeId, version, rows, onCancel }: ExperimentProps) {
  const answer = useAnswer(() => source.experiment(run, nodeId), [run, nodeId, version]);
  if (answer === undefined) return <p class="empty">Loading {nodeId} …</p>;
  if (answer === null) return <p class="empty">There is no experiment {nodeId}.</p>;
  const { page } = answer;
  const isOpen = page.look === 'running' || page.look === 'queued';
  return (
    <>
      <Head run={run} answer={answer} onCancel={isOpen ? onCancel : null} />
      {page.failure && <FailureBox failure={page.failure} />}
      {page.remarks.length > 0 && (
        <ul class="notices">
          {page.remarks.map((remark) => (
            <li key={remark}>
              <Told text={remark} />
            </li>
          ))}
        </ul>
      )}
      <div class="two-columns">
        <Intent page={page} />
        <section class="panel">
          <h2>Metrics</h2>
          <Metrics run={run} table={page.metrics} />
          <CompareWith run={run} nodeId={nodeId} rows={rows} />
        </section>
      </div>
      {page.pipelines.length > 0 && (
        <section class="panel">
          <h2>Stages of the pipeline</h2>
          <StageBars pipelines={page.pipelines} limits={page.limits} />
        </section>
      )}
      <div class="two-columns">
        <section class="panel">
          <h2>Time</h2>
          <Timeline spans={page.timeline} />
        </section>
        <Repeats run={run} page={page} />
      </div>
      <section class="panel">
        <DiffView source={source} run={run} nodeId={nodeId} version={version} />
      </section>
      {answer.hasLog && source.isLive && (
        <section class="panel">
          <LogView source={source} run={run} nodeId={nodeId} />
        </section>
      )}
      {answer.analysis !== '' && (
        <section class="panel">
          <h2>Analysis</h2>
          {/* Made by the server, which lets no HTML of an agent through. */}
          <div class="prose" dangerouslySetInnerHTML={{ __html: answer.analysis }} />
        </section>
      )}
    </>
  );
}

function Head({ run, answer, onCancel }: { run: number; answer: ExperimentAnswer; onCancel: (() => void) | null }) {
  const { page, temporal } = answer;
  const { value, gain, interval, verdict, reason } = page.standing;
  return (
    <header class="experiment-head">
      <h1>{page.nodeId}</h1>
      <p class="status-line">
        <LookMark look={page.look} text={page.status} />
        {page.isBest && <span class="badge">best</span>}
        <span class="quiet">{page.origin}</span>
        {page.parentId !== null && (
          <span class="quiet">
            on <a href={toExperiment(run, page.parentId)}>{page.parentId}</a>
          </span>
        )}
        {temporal !== null && (
          <a href={temporal} target="_blank" rel="noreferrer">
            Temporal UI ↗
          </a>
        )}
        {onCancel && (
          <button type="button" onClick={onCancel}>
            Cancel it
          </button>
        )}
      </p>
      {value !== '-' && (
        <p class="result-line">
          <strong class="main">{value}</strong>
          {gain !== '-' && <strong class="main quiet-main">{gain}</strong>}
          <span class="quiet">{[verdict, interval, reason].filter((part) => part !== null).join('; ')}</span>
        </p>
      )}
    </header>
  );
}

function FailureBox({ failure }: { failure: NonNullable<ExperimentPage['failure']> }) {
  return (
    <section class="panel failure">
      <h2>
        {failure.kind} <span class="quiet">in {failure.phase}</span>
      </h2>
      <pre class="message">{failure.message}</pre>
      <p>
        <Told text={failure.action} />
      </p>
    </section>
  );
}

function Intent({ page }: { page: ExperimentPage }) {
  return (
    <section class="panel">
      <h2>Hypothesis</h2>
      <p class="text">
        <Told text={page.hypothesis || 'None was given.'} />
      </p>
      {page.description !== '' && (
        <p class="text">
          <Told text={page.description} />
        </p>
      )}
      <dl class="pairs">
        {page.change !== '' && <Pair name="Changes" value={page.change} />}
        {page.tags.length > 0 && <Pair name="Practices" value={page.tags.join(', ')} />}
        {page.commit !== null && <Pair name="Commit" value={page.commit.slice(0, 12)} isCode />}
        {page.jobId !== null && <Pair name="Job" value={page.jobId} isCode />}
        {page.launchCommand !== '' && <Pair name="Command" value={page.launchCommand} isCode />}
        {page.cost.map(({ what, text }) => (
          <Pair key={what} name={`Cost, ${what}`} value={text} />
        ))}
      </dl>
      {page.findings.length > 0 && (
        <>
          <h3>Findings</h3>
          <ul class="findings">
            {page.findings.map((finding) => (
              <li key={finding}>
                <Told text={finding} />
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}

function Pair({ name, value, isCode = false }: { name: string; value: string; isCode?: boolean }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{isCode ? <code>{value}</code> : value}</dd>
    </>
  );
}

function Repeats({ run, page }: { run: number; page: ExperimentPage }) {
  if (page.repeats.length === 0 && page.children.length === 0) return null;
  return (
    <section class="panel">
      {page.repeats.length > 0 && (
        <>
          <h2>Repeats</h2>
          <Scroll label="Repeats">
            <table>
              <tbody>
                {page.repeats.map(({ nodeId, purpose, value, status }) => (
                  <tr key={nodeId}>
                    <td>
                      <a href={toExperiment(run, nodeId)}>{nodeId}</a>
                    </td>
                    <td>{purpose}</td>
                    <td class="right number">{value === '-' ? status : value}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </Scroll>
        </>
      )}
      {page.children.length > 0 && (
        <>
          <h2>Built on it</h2>
          <ul class="links">
            {page.children.map((nodeId) => (
              <li key={nodeId}>
                <a href={toExperiment(run, nodeId)}>{nodeId}</a>
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}

function CompareWith({ run, nodeId, rows }: { run: number; nodeId: string; rows: readonly BoardRow[] }) {
  const others = rows.filter((row) => row.nodeId !== nodeId && row.value !== null);
  const best = others.find(({ isBest }) => isBest)?.nodeId ?? others[0]?.nodeId ?? '';
  const [other, setOther] = useState(best);
  if (others.length === 0) return null;
  const chosen = others.some((row) => row.nodeId === other) ? other : best;
  return (
    <p class="compare">
      <label>
        Side by side with{' '}
        <select value={chosen} onChange={(event) => setOther(event.currentTarget.value)}>
          {others.map((row) => (
            <option key={row.nodeId} value={row.nodeId}>
              {row.nodeId}
            </option>
          ))}
        </select>
      </label>{' '}
      <a class="button" href={addressOf({ view: 'compare', run, one: chosen, other: nodeId })}>
        Compare
      </a>
    </p>
  );
}
