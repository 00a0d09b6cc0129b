/** What runs next, and what a person may change of it. */
import { useState } from 'preact/hooks';
import type { Board, QueueRow } from '../../../domain/board/board-types.js';
import type { BoardAnswer, Change } from '../../../domain/board/page-answers.js';
import { Approval, AskFor } from './approval.js';
import { toExperiment } from './route.js';
import { Scroll } from './scroll.js';
import { Told } from './told.js';

interface QueueProps {
  answer: BoardAnswer;
  board: Board;
  /** Whether it was accepted; null in a page that changes nothing. */
  onChange: ((change: Change) => Promise<boolean>) | null;
}

export function QueueView({ answer, board, onChange }: QueueProps) {
  const run = answer.info.index;
  const { asked, queue } = board;
  return (
    <>
      <h1>Queue</h1>
      <Approval run={run} asked={asked} onChange={onChange} />
      {queue.length === 0 && <p class="empty">Nothing is queued.</p>}
      {queue.length > 0 && (
        <section class="panel">
          <Scroll label="Waiting experiments">
            <table class="queue">
              <thead>
                <tr>
                  <th class="right extra">Place</th>
                  <th>Experiment</th>
                  <th class="extra">State</th>
                  <th class="right extra">Priority</th>
                  {onChange && <th>Actions</th>}
                </tr>
              </thead>
              <tbody>
                {queue.map((row, index) => (
                  <tr key={row.nodeId}>
                    <td class="right number extra">{index + 1}</td>
                    <td>
                      <a href={toExperiment(run, row.nodeId)}>{row.nodeId}</a>
                      <div class="quiet">
                        <Told text={row.change} />
                      </div>
                      <div class="quiet">
                        <Told text={row.why} />
                      </div>
                    </td>
                    <td class="extra">{row.status}</td>
                    <td class="right number extra">{priorityText(row.priority)}</td>
                    {onChange && (
                      <td>
                        <QueueActions row={row} index={index} last={queue.length - 1} onChange={onChange} />
                      </td>
                    )}
                  </tr>
                ))}
              </tbody>
            </table>
          </Scroll>
        </section>
      )}
      {onChange && answer.served && <AskFor facts={board.facts} onChange={onChange} />}
      {onChange && <AddForm onChange={onChange} />}
      {onChange && <NoteForm onChange={onChange} />}
    </>
  );
}

const priorityText = (priority: number) => String(Number(priority.toFixed(3)));

interface ActionsProps {
  row: QueueRow;
  index: number;
  last: number;
  onChange: (change: Change) => Promise<boolean>;
}

function QueueActions({ row, index, last, onChange }: ActionsProps) {
  const { nodeId } = row;
  const move = (to: number) => onChange({ do: 'move', node: nodeId, to });
  return (
    <div class="buttons">
      <button type="button" disabled={index === 0} onClick={() => move(0)} aria-label={`Run ${nodeId} first`}>
        ⇈
      </button>
      <button type="button" disabled={index === 0} onClick={() => move(index - 1)} aria-label={`Move ${nodeId} up`}>
        ↑
      </button>
      <button
        type="button"
        disabled={index === last}
        onClick={() => move(index + 1)}
        aria-label={`Move ${nodeId} down`}
      >
        ↓
      </button>
      <button type="button" onClick={() => onChange({ do: 'remove', node: nodeId })} aria-label={`Remove ${nodeId}`}>
        Remove
      </button>
    </div>
  );
}

const NOTHING = { name: '', description: '', hypothesis: '', launchCommand: '', priority: 0 };

function AddForm({ onChange }: { onChange: (change: Change) => Promise<boolean> }) {
  const [given, setGiven] = useState(NOTHING);
  const set = (field: keyof typeof NOTHING) => (event: { currentTarget: { value: string } }) =>
    setGiven({
      ...given,
      [field]: field === 'priority' ? Number(event.currentTarget.value) : event.currentTarget.value,
    });
  return (
    <details class="panel">
      <summary>Add an experiment</summary>
      <form
        class="fields"
        onSubmit={async (event) => {
          event.preventDefault();
          // What was refused stays, to be mended.
          if (await onChange({ do: 'add', ...given })) setGiven(NOTHING);
        }}
      >
        <label>
          Name
          <input required pattern="[A-Za-z0-9][A-Za-z0-9_\-]*" value={given.name} onInput={set('name')} />
        </label>
        <label>
          What to change
          <textarea rows={3} value={given.description} onInput={set('description')} />
        </label>
        <label>
          Why it should help
          <textarea rows={2} value={given.hypothesis} onInput={set('hypothesis')} />
        </label>
        <label>
          Launch command, where its flags differ
          <input value={given.launchCommand} onInput={set('launchCommand')} />
        </label>
        <label>
          Priority (lower runs first)
          <input type="number" step="any" value={given.priority} onInput={set('priority')} />
        </label>
        <button type="submit" class="primary">
          Add
        </button>
      </form>
    </details>
  );
}

function NoteForm({ onChange }: { onChange: (change: Change) => Promise<boolean> }) {
  const [text, setText] = useState('');
  return (
    <details class="panel">
      <summary>Tell the planner something</summary>
      <form
        class="fields"
        onSubmit={async (event) => {
          event.preventDefault();
          if (await onChange({ do: 'note', text })) setText('');
        }}
      >
        <label>
          Note
          <textarea required rows={3} value={text} onInput={(event) => setText(event.currentTarget.value)} />
        </label>
        <button type="submit" class="primary">
          Send
        </button>
      </form>
    </details>
  );
}
