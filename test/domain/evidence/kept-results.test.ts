/** What caches of stages tell of themselves, in the middle of whatever else a job prints. */
import { expect, it } from 'vitest';
import { JobOutput } from '../../../domain/evidence/job-output.js';
import { wholeSize } from '../../../domain/evidence/kept-results.js';
import { Refusals } from '../../../domain/evidence/measured-number.js';

function keptOf(...lines: string[]) {
  const output = new JobOutput(new Refusals());
  for (const line of lines) output.readLine(line);
  return output.kept();
}

it('counts the last line of each stage', () => {
  const line = (stage: string, missed: number, again: number) =>
    `[rank0]: [autoresearch] kept_stage=${stage} kept_items=10 kept_bytes=4096 missed_items=${missed} missed_again=${again}`;
  expect(keptOf(line('decode', 1, 0), '[autoresearch] step=1', line('load', 5, 1), line('decode', 30, 1))).toEqual([
    { stage: 'decode', items: 10, bytes: 4096, missed: 30, again: 1 },
    { stage: 'load', items: 10, bytes: 4096, missed: 5, again: 1 },
  ]);
});

it.each([
  '[autoresearch] kept_stage=decode kept_items=10 kept_by',
  '[autoresearch] kept_items=10 kept_bytes=1 missed_items=1 missed_again=1',
  '[autoresearch] kept_stage=decode kept_items=-1 kept_bytes=1 missed_items=1 missed_again=1',
  'kept_stage=decode kept_items=10 kept_bytes=1 missed_items=1 missed_again=1',
])('takes nothing from %s', (line) => {
  expect(keptOf(line)).toEqual([]);
});

it.each([
  ['all results', { items: 10, bytes: 1000, missed: 30, again: 1 }, 4000],
  ['nothing where none came again', { items: 10, bytes: 1000, missed: 30, again: 0 }, null],
  ['nothing where none was kept', { items: 0, bytes: 0, missed: 30, again: 3 }, null],
  ['nothing where all found room', { items: 10, bytes: 1000, missed: 0, again: 0 }, null],
])('says the size of %s', (_, counts, size) => {
  expect(wholeSize({ stage: 'decode', ...counts })).toBe(size);
});
