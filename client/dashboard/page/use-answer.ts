/** What a source answers, kept while the next answer is on its way. */
import { useEffect, useState } from 'preact/hooks';

/** `undefined` until the first answer. One that comes after `on` changed is dropped. */
export function useAnswer<T>(ask: () => Promise<T>, on: readonly unknown[]): T | undefined {
  const [answer, setAnswer] = useState<T | undefined>(undefined);
  useEffect(() => {
    let isOver = false;
    ask().then(
      (given) => {
        if (!isOver) setAnswer(() => given);
      },
      () => undefined,
    );
    return () => {
      isOver = true;
    };
  }, [...on]);
  return answer;
}
