/** `set`: changes the limits of a run. What the engine accepts is kept in config.json as well. */
import { randomUUID } from 'node:crypto';
import type { RunConfig } from '../../domain/formats/config.js';
import type { Receipt, SetLimitsMessage } from '../../domain/protocol/steering-messages.js';
import { type GivenFlag, givenFlags } from '../flags/given-flags.js';
import { RUN_FLAGS } from '../flags/run-flags.js';
import { Refusal } from '../output/refusal.js';
import { checkConcurrency } from '../run/job-slots.js';
import { loadSteering, type Repeatable, steeringCommand } from '../steering/steering-command.js';

const LIMIT_FLAGS = RUN_FLAGS.filter(({ limit }) => limit !== undefined);

export const SET = steeringCommand(
  { name: 'set', args: '<workdir>', help: 'change the limits of a run', flags: LIMIT_FLAGS },
  ([path = ''], options) => setLimits(path, options, options),
);

/** `options` are the flags of `run` that set limits. */
export async function setLimits(
  path: string,
  options: Readonly<Record<string, unknown>>,
  { request = randomUUID() }: Repeatable,
): Promise<Receipt> {
  const [{ steer, messages }, { keptForLater }, { checkBudget }, { existingRun, withValueAt }, { writeConfig }] =
    await Promise.all([
      loadSteering(),
      import('../steering/give-later.js'),
      import('../run/first-config.js'),
      import('../run/workdir-config.js'),
      import('../../workdir/config-file.js'),
    ]);
  const given = givenFlags(options);
  const limits: SetLimitsMessage = {};
  for (const { flag, value } of given) if (flag.limit !== undefined) limits[flag.limit] = value as number;
  if (Object.keys(limits).length === 0) {
    throw new Refusal('limits', undefined, `at least one of ${LIMIT_FLAGS.map(({ name }) => name).join(', ')}`);
  }
  const withLimits = (config: RunConfig): RunConfig =>
    given.reduce((next: RunConfig, { flag, value }: GivenFlag) => withValueAt(next, flag.key, value), config);
  const wanted = withLimits((await existingRun(path)).config);
  checkConcurrency('--max-concurrency', wanted);
  checkBudget({ usd: '--budget-usd', tokens: '--budget-tokens' }, wanted);
  const about = { field: 'limits', value: limits };
  const otherwise = keptForLater({ request, do: 'set_limits', message: limits }, about);
  const receipt = await steer(path, messages.setLimitsUpdate, [limits], { request, about, otherwise });
  const { workdir, config } = await existingRun(path);
  await writeConfig(workdir, withLimits(config));
  return receipt;
}
