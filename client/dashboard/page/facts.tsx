/** Where a run stands, as a row of facts. */
import type { ComponentChildren } from 'preact';
import type { BoardFacts, Figure } from '../../../domain/board/board-types.js';
import type { BoardAnswer } from '../../../domain/board/page-answers.js';
import { Elapsed } from './clock.js';
import { toExperiment } from './route.js';

export function Facts({ answer, overview }: { answer: BoardAnswer; overview: BoardFacts }) {
  const run = answer.info.index;
  const { best, baseline, headspace, plateau, rounds } = overview;
  const isWon = best !== null && !best.isBaseline;
  return (
    <section class="facts" aria-label="Where the run stands">
      <Fact name="Best against baseline" isMain>
        <strong class={isWon ? 'main better' : 'main'}>{isWon ? best.gain : baseline ? 'nothing yet' : '-'}</strong>
        <Line>{isWon && best.interval}</Line>
        <Line>{isWon && best.isProvisional && 'provisional: its repeats have not confirmed it yet'}</Line>
        <Line>
          {best && isWon && (
            <>
              <FigureLink run={run} figure={best} /> from {baseline?.text}
            </>
          )}
          {!isWon && baseline && <FigureLink run={run} figure={baseline} />}
        </Line>
        <Line>{overview.noise !== null && `noise: ${overview.noise}`}</Line>
      </Fact>
      <Fact name="Headspace">
        <strong>{headspace?.text ?? '-'}</strong>
        {overview.reached !== null && (
          <Meter share={overview.reached} label="Of the way from the baseline to the ceiling" />
        )}
        <Line>{overview.headspaceText}</Line>
      </Fact>
      <Fact name="Rounds">
        <strong>{rounds}</strong>
        <Line>
          plateau {plateau}
          {overview.planning ? ', planning now' : ''}
        </Line>
      </Fact>
      <Fact name="Time">
        <strong>
          <Elapsed {...elapsed(answer.served, overview)} />
        </strong>
        <Line>{overview.counts.map(({ name, value }) => `${value} ${name}`).join(', ')}</Line>
        <Line>{overview.toCome}</Line>
      </Fact>
      {overview.budget.length > 0 && (
        <Fact name="Spent">
          {overview.budget.map(({ text, share }) => (
            <div key={text}>
              <Line>{text}</Line>
              {share !== null && <Meter share={share} label={`Spent: ${text}`} isSpending />}
            </div>
          ))}
        </Fact>
      )}
    </section>
  );
}

/** Since its start, as status tells it: of a run that has ended, or that nobody serves, until it was heard of last. */
function elapsed(served: boolean, { status, startedAtMs, updatedAtMs }: BoardFacts) {
  if (startedAtMs === 0) return { untilMs: 0, sinceMs: null };
  const isGoing = served && status !== 'stopped';
  return isGoing ? { untilMs: 0, sinceMs: startedAtMs } : { untilMs: updatedAtMs - startedAtMs, sinceMs: null };
}

function Fact({ name, isMain = false, children }: { name: string; isMain?: boolean; children: ComponentChildren }) {
  return (
    <div class={isMain ? 'fact fact-main' : 'fact'}>
      <h2>{name}</h2>
      {children}
    </div>
  );
}

function Line({ children }: { children: ComponentChildren }) {
  return children ? <p>{children}</p> : null;
}

function FigureLink({ run, figure }: { run: number; figure: Figure }) {
  return (
    <>
      <a href={toExperiment(run, figure.nodeId)}>{figure.nodeId}</a>: {figure.text}
    </>
  );
}

/** A bar that is full at 1. */
export function Meter({ share, label, isSpending = false }: { share: number; label: string; isSpending?: boolean }) {
  const percent = Math.round(share * 100);
  const look = isSpending && share > 0.8 ? 'meter warn' : 'meter';
  return (
    // biome-ignore lint/a11y/useSemanticElements: browsers give <meter> looks of their own that no style changes
    <div class={look} role="meter" aria-label={label} aria-valuemin={0} aria-valuemax={100} aria-valuenow={percent}>
      <span style={{ width: `${percent}%` }} />
    </div>
  );
}
