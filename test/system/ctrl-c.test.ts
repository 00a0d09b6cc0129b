/** Ctrl+C at the terminal of `run`: it reaches the whole process group, and no work fails for it. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { EngineEvent } from '../../domain/run/event-types.js';
import { CommandRun } from '../support/command-run.js';
import { EngineCommand } from './chaos/engine-command.js';
import { Random } from './chaos/random.js';

const LOOK_MS = 5;

/** Whether the phase has begun, by what the workdir shows from then on. */
type Phase = (run: CommandRun) => boolean | Promise<boolean>;

const names = (...folders: string[]) => {
  try {
    return readdirSync(join(...folders));
  } catch {
    return [];
  }
};
const asked =
  (key: string): Phase =>
  ({ workdir }) =>
    names(workdir, 'logs').some((name) => name.endsWith(`_${key}_prompt.md`));
const told =
  (type: EngineEvent['type']): Phase =>
  async (run) =>
    (await run.events()).some((event) => event.type === type);

/** Each start costs seconds; the chaos campaign (`--victim ctrl-c`) interrupts in every other phase, too. */
const PHASES: readonly [string, Phase][] = [
  ['the set-up', told('setup_started')],
  ["an agent's call", asked('apply_000_headspace')],
  ['a build', ({ workdir }) => names(workdir, 'logs').includes('build_002_c2_b16.log')],
  ['the closing', told('stopped')],
];

/** Always `run`, as at a terminal. */
class Always extends Random {
  override next(): number {
    return 0;
  }
}

async function interruptIn(run: CommandRun, engine: EngineCommand, isOn: Phase, says: string): Promise<void> {
  while (!(await isOn(run))) {
    expect(await engine.isServed(), `${says} is not reached: ${engine.output}`).toBe(true);
    await sleep(LOOK_MS);
  }
  const interrupted = await engine.interrupt();
  expect(interrupted?.problem ?? null, says).toBe(null);
}

async function ended(engine: EngineCommand): Promise<void> {
  while (await engine.isServed()) await sleep(50);
}

it('in each phase of a run: it is interrupted, and `run` again goes on to the end', async () => {
  const flags = ['--max-iterations', '1', '--build-command', 'sleep 0.3; echo img-$(sha1sum train.py | cut -c1-12)'];
  await using run = await CommandRun.create({ jobSeconds: 0.5, agentSeconds: 0.4, planSize: 1, flags, ownGroup: true });
  const engine = new EngineCommand(run, new Always(0));
  for (const [says, isOn] of PHASES) {
    await engine.start({ wait: false });
    await interruptIn(run, engine, isOn, says);
  }
  await engine.start({ wait: false });
  await ended(engine);
  const events = await run.events();
  const failed = events.filter(({ type }) => /fail|cancel|withdrawn/.test(type));
  expect(failed).toEqual([]);
  expect(events.at(-1)?.type).toBe('reported');
  const started = (await run.jobLedger()).filter(({ event }) => event === 'start').map(({ node }) => node);
  expect(started.sort()).toEqual(['000_baseline', '000_headspace', '001_mtp', '002_c2_b16']);
}, 180_000);

it("while the playbook's Python reads the script: the set-up does not fail", async () => {
  const flags = ['--agent', 'playbook', '--agent-command', '', '--max-iterations', '1', '--max-experiments', '1'];
  await using run = await CommandRun.create({ jobSeconds: 0.2, planSize: 1, flags, ownGroup: true });
  const engine = new EngineCommand(run, new Always(0));
  await engine.start({ wait: false });
  const isReading = async () => (await engine.worker()).some(({ pid }) => hasChild(pid, 'playbook/python'));
  await interruptIn(run, engine, isReading, 'the Python of the playbook');
  await engine.start({ wait: false });
  await ended(engine);
  expect((await run.events()).filter(({ type }) => /fail/.test(type))).toEqual([]);
  expect((await run.events()).at(-1)?.type).toBe('reported');
}, 120_000);

/** One whose command line names the program. */
function hasChild(parent: number, program: string): boolean {
  return names('/proc').some((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      const stat = readFileSync(join('/proc', pid, 'stat'), 'utf8');
      const isChild = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1] === String(parent);
      return isChild && readFileSync(join('/proc', pid, 'cmdline'), 'utf8').includes(program);
    } catch {
      return false;
    }
  });
}
