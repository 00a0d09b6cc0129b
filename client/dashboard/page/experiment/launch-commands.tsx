/** How two experiments are launched, with what differs marked. */
import type { Source } from '../source/source.js';
import { useAnswer } from '../use-answer.js';
import { type CommandWord, commandWords } from './command-words.js';

interface LaunchCommandsProps {
  source: Source;
  run: number;
  one: string;
  other: string;
  version: number;
}

export function LaunchCommands({ source, run, one, other, version }: LaunchCommandsProps) {
  const first = useAnswer(() => source.experiment(run, one), [run, one, version]);
  const second = useAnswer(() => source.experiment(run, other), [run, other, version]);
  if (!first || !second) return null;
  const commands = [first, second].map(({ page }) => page.launchCommand);
  if (commands.every((command) => command === '')) return null;
  const [words, otherWords] = commandWords(commands[0]!, commands[1]!);
  const isSame = [...words, ...otherWords].every(({ isOwn }) => !isOwn);
  return (
    <section class="panel">
      <h2>Launch commands</h2>
      {isSame && <p class="quiet">Both are launched by the same command.</p>}
      <dl class="commands">
        <Command nodeId={one} words={words} />
        {!isSame && <Command nodeId={other} words={otherWords} />}
      </dl>
    </section>
  );
}

function Command({ nodeId, words }: { nodeId: string; words: readonly CommandWord[] }) {
  return (
    <>
      <dt>{nodeId}</dt>
      <dd>
        <code class="command">
          {words.map(({ text, isOwn }, at) => {
            const word = text.trimStart();
            const space = text.slice(0, text.length - word.length);
            // Words have no names: their place is all that they are known by.
            return isOwn ? [space, <mark key={`${at}`}>{word}</mark>] : text;
          })}
        </code>
      </dd>
    </>
  );
}
