/** What an experiment changes in the code. */
import { useState } from 'preact/hooks';
import type { DiffFile } from '../../../../domain/board/diff-lines.js';
import { Scroll } from '../scroll.js';
import type { Source } from '../source/source.js';
import { useAnswer } from '../use-answer.js';

interface DiffProps {
  source: Source;
  run: number;
  nodeId: string;
  version: number;
  /** Another experiment to compare with; left out, a person chooses. */
  against?: string;
  title?: string;
}

const CHOICES = [
  { value: 'parent', name: 'what it builds on' },
  { value: 'baseline', name: 'the baseline' },
  { value: 'yours', name: 'your own code' },
] as const;

export function DiffView({ source, run, nodeId, version, against, title = 'Code' }: DiffProps) {
  const [chosen, setChosen] = useState<string>(against ?? 'parent');
  const with_ = against ?? chosen;
  const answer = useAnswer(() => source.diff(run, nodeId, with_), [run, nodeId, with_, version]);
  return (
    <>
      <div class="panel-head">
        <h2>{title}</h2>
        {against === undefined && source.isLive && (
          <label class="quiet">
            against{' '}
            <select value={chosen} onChange={(event) => setChosen(event.currentTarget.value)}>
              {CHOICES.map(({ value, name }) => (
                <option key={value} value={value}>
                  {name}
                </option>
              ))}
            </select>
          </label>
        )}
      </div>
      {answer === undefined && <p class="empty">Loading …</p>}
      {answer?.problem && <p class="empty">{answer.problem}</p>}
      {answer && answer.problem === null && answer.files.length === 0 && (
        <p class="empty">The code is the same: only the launch command can differ.</p>
      )}
      {answer?.files.map((file) => (
        <File key={file.path} file={file} />
      ))}
    </>
  );
}

const SIGNS = { added: '+', removed: '-', same: ' ' };

function File({ file }: { file: DiffFile }) {
  return (
    <details class="diff" open>
      <summary>
        <code>{file.path}</code> <span class="better">+{file.added}</span> <span class="worse">−{file.removed}</span>
      </summary>
      <Scroll label={`Changes of ${file.path}`}>
        <table class="diff-lines">
          <tbody>
            {file.hunks.flatMap(({ header, lines }) => [
              <tr key={header} class="hunk">
                <td colSpan={3}>{header}</td>
              </tr>,
              ...lines.map(({ kind, text, before, after }) => (
                <tr key={`${header}-${before}-${after}`} class={kind}>
                  <td class="line-number">{before ?? ''}</td>
                  <td class="line-number">{after ?? ''}</td>
                  <td>
                    <code>
                      {SIGNS[kind]} {text}
                    </code>
                  </td>
                </tr>
              )),
            ])}
          </tbody>
        </table>
        {file.leftOut > 0 && <p class="quiet">{file.leftOut} more lines are not shown.</p>}
      </Scroll>
    </details>
  );
}
