/** What an experiment's launch command says of the samples in a step, for jobs that do not print it. */

import { flagsOf } from '../domain/command/launch-command.js';
import { type Spec, SpecSchema } from '../domain/formats/spec.js';
import { setApart } from '../domain/proposals/work-effect.js';
import { readJsonIfAny } from '../host/atomic-file.js';
import type { RunContext } from '../workdir/run-context.js';

const BATCH_FLAGS = ['--batch-size', '--batchsize', '--bs', '--per-device-batch-size'];
/** `loader.batch_size` of a configuration, as the command sets it; not that of an evaluation. */
const BATCH_KEY = /^(?!.*(?:val|test|eval))(?:[A-Za-z_].*\.)?(?:per_device_)?(?:batch_?size|bs)$/i;
const RANK_FLAGS = ['--nproc-per-node', '--nproc', '--num-ranks', '--world-size'];

export async function launchFacts({ workdir, config }: RunContext, nodeId: string) {
  const parsed = SpecSchema.safeParse(await readJsonIfAny(workdir.node(nodeId, 'spec.json')));
  const spec: Spec | null = parsed.success ? parsed.data : null;
  const command = spec?.launch_command || config.base_launch_command;
  const flags = flagsOf(command);
  const keys = [...flags.keys()].filter((name) => BATCH_KEY.test(name));
  const firstCount = (names: string[]) => {
    const values = names.map((name) => Number(flags.get(name))).filter((n) => Number.isInteger(n) && n > 0);
    return values[0] ?? null;
  };
  const changes = spec ? [...spec.best_practices_tags, ...spec.changes, spec.change_summary].join(' ') : '';
  return {
    command,
    /** The change may be one of the batch size, which a job need not print. */
    mayHaveOtherBatch: spec?.work === 'other_batches' || /batch|aggregate/i.test(changes),
    batchSize: firstCount(BATCH_FLAGS) ?? (keys.length === 1 ? firstCount(keys) : null),
    ranks: firstCount(RANK_FLAGS) ?? 1,
    isHeadspace: spec?._is_headspace === true,
    /** Why its numbers are set apart whatever they are, or null. */
    setApart: setApart(spec?.work),
  };
}
