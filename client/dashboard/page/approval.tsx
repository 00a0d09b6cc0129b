/** Proposals that wait for a person: yes, yes but otherwise, or no, and when to be asked at all. */
import { useState } from 'preact/hooks';
import type { AskedRow, BoardFacts } from '../../../domain/board/board-types.js';
import type { Change } from '../../../domain/board/page-answers.js';
import { toExperiment } from './route.js';
import { Told } from './told.js';

type OnChange = (change: Change) => Promise<boolean>;

export function Approval({
  run,
  asked,
  onChange,
}: {
  run: number;
  asked: readonly AskedRow[];
  onChange: OnChange | null;
}) {
  if (asked.length === 0) return null;
  return (
    <section class="panel">
      <h2>Waiting for your answer</h2>
      {asked.map((row) => (
        <Proposal key={row.nodeId} run={run} row={row} onChange={onChange} />
      ))}
    </section>
  );
}

function Proposal({ run, row, onChange }: { run: number; row: AskedRow; onChange: OnChange | null }) {
  const [words, setWords] = useState('');
  const { nodeId } = row;
  return (
    <article class="proposal" aria-label={nodeId}>
      <h3>
        <a href={toExperiment(run, nodeId)}>{nodeId}</a>{' '}
        <span class="quiet">{row.stage === 'plans' ? 'its plan' : 'its code'}</span>
      </h3>
      <p class="text">
        <Told text={row.description || row.change} />
      </p>
      {row.hypothesis !== '' && (
        <p class="quiet text">
          <Told text={row.hypothesis} />
        </p>
      )}
      {onChange && (
        <div class="buttons">
          <button type="button" class="primary" onClick={() => onChange({ do: 'approve', node: nodeId })}>
            Approve
          </button>
          <button type="button" onClick={() => onChange({ do: 'refuse', node: nodeId, reason: words })}>
            Refuse
          </button>
          <button
            type="button"
            disabled={words.trim() === ''}
            onClick={() => onChange({ do: 'approve_changed', node: nodeId, change: words })}
          >
            Approve with change
          </button>
          <input
            class="words"
            aria-label={`Why not, or what to change, of ${nodeId}`}
            placeholder="Why not, or what to change"
            value={words}
            onInput={(event) => setWords(event.currentTarget.value)}
          />
        </div>
      )}
    </article>
  );
}

const STAGES = [
  { stage: 'none', name: 'never' },
  { stage: 'plans', name: 'before anything is made of a proposal' },
  { stage: 'edits', name: 'when its code stands, before its job' },
] as const;

export function AskFor({ facts, onChange }: { facts: BoardFacts; onChange: OnChange }) {
  return (
    <p class="quiet">
      <label>
        Ask me{' '}
        <select
          value={facts.asksFor}
          onChange={(event) => {
            const { value } = event.currentTarget;
            const stage = STAGES.find((each) => each.stage === value)?.stage ?? 'none';
            void onChange({ do: 'ask_for', stage });
          }}
        >
          {STAGES.map(({ stage, name }) => (
            <option key={stage} value={stage}>
              {name}
            </option>
          ))}
        </select>
      </label>{' '}
      {facts.approval}
    </p>
  );
}
