/** The last lines of a job as shapes: what two runs of one work print alike, however fast they were. */
import { describe, expect, it } from 'vitest';
import { JobOutput } from '../../../domain/evidence/job-output.js';
import { Refusals } from '../../../domain/evidence/measured-number.js';

function shapesOf(...lines: string[]): string[] {
  const output = new JobOutput(new Refusals());
  for (const line of lines) output.readLine(line);
  return output.ending.shapes();
}

describe('the shape of a last line', () => {
  it.each([
    ['another unit', 'done in 1.2 sec', 'done in 870 ms'],
    ['a unit in brackets', 'read 480 items in    1.5 [sec]', 'read 480 items in  577.4 [ ms]'],
    ['hours and minutes', 'finished after 1h 02m', 'finished after 48m'],
    ['larger sizes', 'wrote 900 KiB to /data/a.npz', 'wrote 1.2 GiB to /data/other/b.npz'],
    ['rates', 'mean speed 2.5 s/it', 'mean speed 4.1 it/s'],
    ['time stamps', '2026-01-02 03:04:05,678 INFO saved', '2026-01-02 04:04:07,101 INFO saved'],
  ])('is the same with %s', (_what, one, other) => {
    expect(shapesOf(one)).toEqual(shapesOf(other));
  });

  it.each([
    ['another word', 'saved the model', 'lost the model'],
    ['a word that begins like a unit', 'kept 3 models', 'kept 3 samples'],
  ])('is another with %s', (_what, one, other) => {
    expect(shapesOf(one)).not.toEqual(shapesOf(other));
  });

  it('is not one of SPDL’s stages, which end in any order', () => {
    const stage =
      '12:00:01,000 [0:3:stack_queue]\tProcessed    81 items in    1.5 [sec] (QPS:   55.3) Ave wait time: put:    8.0 [ us], ' +
      'get (by next stage):   18.0 [ ms]. P90: put:  1.0 [ us], get: 2.0 [ ms]. P99: put: 1.0 [ us], get: 2.0 [ ms]. ' +
      'Occupancy rate: 3%';
    expect(shapesOf('saved the model', stage)).toEqual(['saved the model']);
  });
});
