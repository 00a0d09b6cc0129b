/** `set`: changes the limits of a run, and what waits for approval. What the engine accepts is kept in config.json. */
import { randomUUID } from 'node:crypto';
import type { RunConfig } from '../../domain/formats/config.js';
import type { Receipt, SetLimitsMessage } from '../../domain/protocol/steering-messages.js';
import { type GivenFlag, givenFlags } from '../flags/given-flags.js';
import { RUN_FLAGS } from '../flags/run-flags.js';
import { Refusal } from '../output/refusal.js';
import { checkConcurrency } from '../run/job-slots.js';
import { loadSteering, type Repeatable, steeringCommand } from '../steering/steering-command.js';

const SETTABLE = RUN_FLAGS.filter(({ limit, approval }) => limit !== undefined || approval === true);

export const SET = steeringCommand(
  {
    name: 'set',
    args: '<workdir>',
    help: 'change the limits of a run, and what waits for your approval',
    examples: [
      'autoresearch set ~/runs/first --max-experiments 40 --max-hours none',
      'autoresearch set ~/runs/first --approve edits --approve-within 30',
    ],
    flags: SETTABLE,
  },
  ([path = ''], options) => set(path, options, options),
);

/** `options` are the flags of `run` that may be set. */
export async function set(
  path: string,
  options: Readonly<Record<string, unknown>>,
  { request = randomUUID() }: Repeatable,
): Promise<Receipt> {
  const [{ checkBudget }, { existingRun, withValueAt }, { writeConfig }, { namingFullDisk }] = await Promise.all([
    import('../run/first-config.js'),
    import('../run/workdir-config.js'),
    import('../../workdir/config-file.js'),
    import('../output/named-full-disk.js'),
  ]);
  const given = givenFlags(options);
  const limits: SetLimitsMessage = {};
  for (const { flag, value } of given) if (flag.limit !== undefined) limits[flag.limit] = value as number;
  const hasLimits = Object.keys(limits).length > 0;
  const hasApproval = given.some(({ flag }) => flag.approval === true);
  if (!hasLimits && !hasApproval)
    throw new Refusal('limits', undefined, `at least one of ${SETTABLE.map(({ name }) => name).join(', ')}`);
  const withGiven = (config: RunConfig): RunConfig =>
    given.reduce((next: RunConfig, { flag, value }: GivenFlag) => withValueAt(next, flag.key, value), config);
  const wanted = withGiven((await existingRun(path)).config);
  checkConcurrency('--max-concurrency', wanted);
  checkBudget('--budget-usd', wanted);
  const receipts = [
    ...(hasLimits ? [await setLimits(path, limits, request)] : []),
    ...(hasApproval ? [await setApproval(path, wanted, request)] : []),
  ];
  const { workdir, config } = await existingRun(path);
  await namingFullDisk(workdir.root, () => writeConfig(workdir, withGiven(config)));
  return { accepted: true, message: receipts.map(({ message }) => message).join('\n') };
}

async function setLimits(path: string, limits: SetLimitsMessage, request: string): Promise<Receipt> {
  const [{ steer, messages }, { keptForLater }] = await Promise.all([
    loadSteering(),
    import('../steering/give-later.js'),
  ]);
  const about = { field: 'limits', value: limits };
  const otherwise = keptForLater({ request, do: 'set_limits', message: limits }, about);
  return await steer(path, messages.setLimitsUpdate, [limits], { request, about, otherwise });
}

/** The next engine reads from config.json what waits for approval. */
async function setApproval(path: string, config: RunConfig, request: string): Promise<Receipt> {
  const { steer, messages } = await loadSteering();
  const { configuredApproval } = await import('../../domain/formats/config.js');
  const about = { field: '--approve', value: config.approve };
  const message = 'kept, as no engine works on it now: `autoresearch run` goes by it';
  const otherwise = async (): Promise<Receipt> => ({ accepted: true, message });
  return await steer(path, messages.setApprovalUpdate, [configuredApproval(config)], { request, about, otherwise });
}
