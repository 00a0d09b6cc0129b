/** Pause, go on, and end a run, with the receipts of what was asked. */
import { useRef } from 'preact/hooks';
import type { BoardFacts } from '../../../domain/board/board-types.js';
import type { BoardAnswer, Change, ChangeAnswer } from '../../../domain/board/page-answers.js';
import { Told } from './told.js';

interface ControlsProps {
  answer: BoardAnswer;
  overview: BoardFacts;
  onChange: (change: Change) => Promise<boolean>;
}

const ENDINGS = [
  {
    mode: 'drain',
    name: 'Let what runs finish',
    text: 'Nothing new starts; the run ends when the running jobs have ended.',
  },
  { mode: 'interrupt', name: 'Interrupt it', text: 'Jobs go on; `autoresearch run` goes on with the run later.' },
  { mode: 'cancel_jobs', name: 'Kill the jobs', text: 'The running jobs are ended at once, and then the run.' },
] as const;

export function RunControls({ answer, overview, onChange }: ControlsProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  if (!answer.served || overview.status === 'stopped') return null;
  const isPaused = overview.status === 'paused' || overview.status === 'interrupted';
  return (
    <div class="buttons">
      <button type="button" onClick={() => onChange({ do: isPaused ? 'resume' : 'pause' })}>
        {isPaused ? 'Resume' : 'Pause'}
      </button>
      <button type="button" onClick={() => dialog.current?.showModal()}>
        Stop …
      </button>
      <dialog ref={dialog} aria-labelledby="stop-title">
        <h2 id="stop-title">How shall the run end?</h2>
        {ENDINGS.map(({ mode, name, text }) => (
          <div class="choice" key={mode}>
            <button
              type="button"
              onClick={() => {
                dialog.current?.close();
                void onChange({ do: 'stop', mode });
              }}
            >
              {name}
            </button>
            <p class="quiet">
              <Told text={text} />
            </p>
          </div>
        ))}
        <button type="button" class="plain" onClick={() => dialog.current?.close()}>
          Let it run
        </button>
      </dialog>
    </div>
  );
}

export interface KeptReceipt extends ChangeAnswer {
  id: number;
  what: string;
}

export function Receipts({ receipts, onDismiss }: { receipts: readonly KeptReceipt[]; onDismiss: () => void }) {
  return (
    <div class="receipts" role="status">
      {receipts.map(({ id, what, accepted, message }) => (
        <p key={id} class={accepted ? 'receipt' : 'receipt refused'}>
          <strong>{accepted ? what : `${what}: refused`}</strong> <Told text={message} />
        </p>
      ))}
      {receipts.length > 0 && (
        <button type="button" class="plain" onClick={onDismiss}>
          Dismiss
        </button>
      )}
    </div>
  );
}
