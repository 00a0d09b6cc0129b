/**
 * SPDL's names of stages: `pipeline:{pipeline}:{index}:{function}[{concurrency}]`, also without the first word (as SPDL
 * logs them).
 */

export interface StageName {
  pipeline: number;
  index: number;
  function: string;
  concurrency: number;
}

const NAME = /^(?:pipeline:)?(\d{1,9}):(\d{1,9})[^:]*:(.+)$/;
const CONCURRENCY = /^(.+)\[(\d{1,6})\]$/;

/** Null when the text is no such name. */
export function parseStageName(text: string): StageName | null {
  const match = NAME.exec(text.trim());
  if (!match) return null;
  const [, pipeline, index, rest] = match;
  const bracket = CONCURRENCY.exec(rest!);
  return {
    pipeline: Number(pipeline),
    index: Number(index),
    function: bracket ? bracket[1]! : rest!,
    concurrency: bracket ? Math.max(1, Number(bracket[2])) : 1,
  };
}
