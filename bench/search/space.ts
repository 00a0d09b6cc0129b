/** The values that every searcher may give a knob: those that the playbook's own limits allow. */
import { BUFFER_MOST, CONCURRENCY_MOST, THREADS_MOST_EXTENDED } from '../../playbook/search/axes.js';
import type { SimulatedPipeline, SimulatedSetting } from './simulated-pipeline.js';

export interface Range {
  least: number;
  most: number;
}

export const SPACE = {
  concurrency: { least: 1, most: CONCURRENCY_MOST },
  /** The playbook passes 16 only after 16 threads won; the others need not ask. */
  threads: { least: 1, most: THREADS_MOST_EXTENDED },
  buffer: { least: 1, most: BUFFER_MOST },
} as const satisfies Record<string, Range>;

const STAGE = 'concurrency of ';

/** A setting as one number for each knob. The batch size is none, for no searcher: another one is another training. */
export function knobValuesOf({ concurrency, threads, buffer }: SimulatedSetting): Record<string, number> {
  const stages = Object.entries(concurrency).map(([name, value]) => [`${STAGE}${name}`, value] as const);
  return { ...Object.fromEntries(stages), threads, buffer };
}

export function rangesOf({ stages }: SimulatedPipeline): Record<string, Range> {
  const concurrency = stages.map(({ name }) => [`${STAGE}${name}`, SPACE.concurrency] as const);
  return { ...Object.fromEntries(concurrency), threads: SPACE.threads, buffer: SPACE.buffer };
}

/** The inverse of knobValuesOf, with the rest as at the start. */
export function settingOfKnobs(values: Readonly<Record<string, number>>, start: SimulatedSetting): SimulatedSetting {
  const value = (knob: string) => {
    const found = values[knob];
    if (found === undefined) throw new Error(`no value for the knob "${knob}"; there are ${Object.keys(values)}`);
    return found;
  };
  const names = Object.keys(start.concurrency);
  return {
    ...start,
    concurrency: Object.fromEntries(names.map((name) => [name, value(`${STAGE}${name}`)])),
    threads: value('threads'),
    buffer: value('buffer'),
  };
}
