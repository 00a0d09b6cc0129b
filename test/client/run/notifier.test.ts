import { readFile, writeFile } from 'node:fs/promises';
import { expect, it, vi } from 'vitest';
import type { Notification } from '../../../client/run/on-event/notifications.js';
import { startNotifier } from '../../../client/run/on-event/notifier.js';
import { readTextIfAny } from '../../../host/atomic-file.js';
import { openRunLog } from '../../../workdir/event-log.js';
import { budgetRun } from '../../support/budget-run.js';
import { type SyntheticRun, syntheticRun } from '../../support/run-events.js';
import { syntheticWorkdir } from '../../support/synthetic-workdir.js';

const RUN = syntheticRun({ followUps: 12, failuresOfTen: 3, stopped: true, seed: 11 });

async function begun(run: SyntheticRun, command: (file: string) => string) {
  const { workdir } = await syntheticWorkdir(run);
  const file = workdir.at('told.jsonl');
  const said: string[] = [];
  const config = { ...run.config, on_event: command(`'${file}'`) };
  return {
    workdir,
    said,
    append: (from: number, to?: number) => openRunLog(workdir).append(run.events.slice(from, to)),
    notifier: () => startNotifier(workdir, config, (line) => said.push(line)),
    told: async () =>
      ((await readTextIfAny(file)) ?? '')
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as Notification),
    text: () => readFile(file, 'utf8'),
  };
}

it('tells of improvements, failures and the end, in order, each once, over a break in between', async () => {
  const { workdir, append, notifier, told, said } = await begun(RUN, (file) => `cat >> ${file}`);
  const first = await notifier();
  await append(0, 60);
  await first.close();
  const before = await told();
  await append(60);
  const second = await notifier();
  await second.close();
  const all = await told();
  expect(all.slice(0, before.length)).toEqual(before);
  const wanted = RUN.events.filter(
    (event) =>
      (event.type === 'best_changed' && event.nodeId !== '000_baseline') ||
      event.type === 'experiment_failed' ||
      event.type === 'stopped',
  );
  expect(all.map(({ seq }) => seq)).toEqual(wanted.map(({ seq }) => seq));
  expect(before.length).toBeGreaterThan(1);
  expect(all.length).toBeGreaterThan(before.length + 1);
  const improved = all.find(({ event }) => event === 'improvement')!;
  expect(improved).toMatchObject({ run: 'r1', workdir: workdir.root, best: { node_id: improved.node_id } });
  expect(improved.message).toMatch(/^best is .* samples\/s/);
  expect(all.at(-1)).toMatchObject({ event: 'stop', status: 'stopped', node_id: null });
  expect(said).toEqual([]);
});

it('goes on from now on where somebody emptied what it had noted', async () => {
  const { workdir, append, notifier, told } = await begun(RUN, (file) => `cat >> ${file}`);
  await append(0, 60);
  await writeFile(workdir.at('engine', 'notified.json'), '');
  await (await notifier()).close();
  expect(await told()).toEqual([]);
});

it('tells of the marks of a budget', async () => {
  const { append, notifier, told } = await begun(budgetRun(), (file) => `cat >> ${file}`);
  const following = await notifier();
  await append(0);
  await following.close();
  expect((await told()).filter(({ event }) => event === 'budget').map(({ message }) => message)).toEqual([
    '50% of the budget of 2 US dollars is spent',
    '80% of the budget of 1000000 tokens is spent',
  ]);
});

it('tells nothing of what was before it was asked to', async () => {
  const { append, notifier, told } = await begun(RUN, (file) => `cat >> ${file}`);
  await append(0, 60);
  await (await notifier()).close();
  expect(await told()).toEqual([]);
});

it('says that a command failed, and goes on with the next message', async () => {
  const { append, notifier, text, said } = await begun(RUN, (file) => `echo x >> ${file}; echo no network >&2; exit 3`);
  const following = await notifier();
  await append(0);
  await following.close();
  const times = (await text()).trim().split('\n').length;
  expect(times).toBeGreaterThan(3);
  expect(said).toEqual(
    Array(times).fill('--on-event: the command failed (exit code 3: no network); nothing else is disturbed'),
  );
});

it('gives the command no secret of the engine', async () => {
  vi.stubEnv('ANTHROPIC_API_KEY', 'sk-canary');
  vi.stubEnv('SLACK_URL', 'https://hooks');
  try {
    const { append, notifier, text } = await begun(RUN, (file) => `echo "$ANTHROPIC_API_KEY $SLACK_URL" > ${file}`);
    const following = await notifier();
    await append(0);
    await following.close();
    expect(await text()).toBe(' https://hooks\n');
  } finally {
    vi.unstubAllEnvs();
  }
});
