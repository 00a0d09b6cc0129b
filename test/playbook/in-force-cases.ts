/**
 * Small jobs of which it is known with how many at a time they run a stage, and where that stands: told by a survey of
 * each.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import { launchCommandProblem } from '../../domain/command/launch-command-rules.js';
import { withFlag } from '../../domain/command/launch-flags.js';
import { type ManySurveys, manySurveys } from './many-surveys.js';

export const HEAD = `import argparse, json, os, dataclasses, tomllib
import yaml
from dataclasses import dataclass
from omegaconf import OmegaConf
from spdl.pipeline import PipelineBuilder
def read(x):
    return x
`;

export function script(body: string, workers: string): string {
  return `${HEAD}${body}
pipe = PipelineBuilder().add_source(range(9)).pipe(read, concurrency=${workers}).add_sink(2).build(num_threads=8)
for x in pipe:
    print(x)
`;
}

export const hydraScript = `${HEAD}import hydra
@hydra.main(version_base=None, config_path="conf", config_name="config")
def main(cfg):
    pipe = (PipelineBuilder().add_source(range(9)).pipe(read, concurrency=cfg.loader.workers)
            .add_sink(2).build(num_threads=8))
    for x in pipe:
        print(x)
main()
`;

export interface Case {
  name: string;
  script: string;
  files: Record<string, string>;
  command: string;
  /** How many at a time the job runs the stage. */
  value: number;
  /** Where that stands; null: in the expression of the script itself. */
  knob: string | null;
  /** As the launch command spells it. */
  flag?: string;
  /** The launch command when that is changed to 8. */
  after?: string;
}

export function areInForce(title: string, cases: readonly Case[]): void {
  let surveys: ManySurveys;
  beforeAll(async () => {
    surveys = await manySurveys(
      cases.map(({ name, script: text, files, command }) => ({
        name,
        files: { ...files, 'train.py': text },
        script: 'train.py',
        command,
      })),
    );
  });

  describe(title, () => {
    it.each(cases)('is found: $name', ({ name, value, knob, flag, command, after }) => {
      const survey = surveys.of(name);
      const stage = survey.pipelines[0]?.stages.find((each) => each.function === 'read');
      expect(stage?.concurrency).toBe(value);
      expect(stage?.knob).toBe(knob ?? 'code:train.py:read.concurrency');
      const where = survey.knobs.find(({ id }) => id === knob)?.where;
      if (flag !== undefined) expect(where).toEqual({ type: 'flag', flag });
      if (after !== undefined && where?.type === 'flag') {
        expect(withFlag(command, where.flag, 8, 'train.py')).toBe(after);
        expect(launchCommandProblem(after, command)).toBeNull();
      } else expect(after).toBeUndefined();
      // What is overridden is no knob: changing it would change nothing.
      expect(survey.knobs.filter(({ value: other }) => other === 7)).toEqual([]);
    });
  });
}
