/** Messages to a run that nobody serves are kept, once each, until the event log says that an engine has them. */
import { readdir, rename, rm, writeFile } from 'node:fs/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { keepMessage, waitingMessages } from '../../../client/steering/message-box.js';
import type { GivenMessage } from '../../../domain/protocol/steering-messages.js';
import type { EventBody } from '../../../domain/run/event-types.js';
import { DEFAULT_LIMITS } from '../../../domain/run/limits.js';
import { openRunLog } from '../../../workdir/event-log.js';
import { syntheticRun } from '../../support/run-events.js';
import { syntheticWorkdir } from '../../support/synthetic-workdir.js';
import { autoresearch } from '../command-line.js';

const note = (request: string, text = 'a note'): GivenMessage => ({ request, do: 'note', message: { text } });

async function stoppedRun(...more: EventBody[]) {
  const run = syntheticRun({ followUps: 3 });
  const { workdir } = await syntheticWorkdir(run);
  const { length } = run.events;
  const stop: EventBody = { type: 'stopped', reason: 'planner_stopped', detail: 'nothing more' };
  const atMs = run.events.at(-1)?.atMs ?? 0;
  const events = [stop, ...more].map((body, index) => ({ seq: length + 1 + index, atMs, ...body }));
  await openRunLog(workdir).append([...run.events, ...events]);
  return workdir;
}

describe('the box', () => {
  it('keeps each request once, in the order in which they came', async () => {
    const workdir = await stoppedRun();
    for (const request of ['b', 'a', 'b']) await keepMessage(workdir, note(request));
    expect((await waitingMessages(workdir)).map(({ request }) => request).sort()).toEqual(['a', 'b']);
    expect(await readdir(workdir.box)).toHaveLength(2);
  });

  it('lets go of what the log says that an engine has', async () => {
    const workdir = await stoppedRun(
      { type: 'run_started', run: 'demo', limits: DEFAULT_LIMITS, taken: ['l'] },
      { type: 'note_added', text: 'a note', request: 'n' },
    );
    await keepMessage(workdir, { request: 'l', do: 'set_limits', message: { patience: 9 } });
    for (const request of ['n', 'm']) await keepMessage(workdir, note(request));
    expect((await waitingMessages(workdir)).map(({ request }) => request)).toEqual(['m']);
    expect(await readdir(workdir.box)).toEqual(['m.json']);
  });

  it('holds no more than an engine can be started with', async () => {
    const workdir = await stoppedRun();
    for (let count = 0; count < 60; count += 1) {
      try {
        await keepMessage(workdir, note(`n${count}`, 'x'.repeat(4000)));
      } catch (error) {
        expect(String(error)).toContain('messages wait already');
        expect(count).toBeGreaterThan(40);
        return;
      }
    }
    expect.unreachable();
  });

  it('says which file does not fit', async () => {
    const workdir = await stoppedRun();
    await keepMessage(workdir, note('n'));
    await writeFile(workdir.boxed('n'), JSON.stringify({ request: 'n', at_ms: 1, do: 'note', message: { text: '' } }));
    await expect(waitingMessages(workdir)).rejects.toThrow(/n\.json.*non-empty/);
  });
});

describe('a command to a run that has stopped', () => {
  it.each([
    [['note', 'look at the decoder'], /kept.*autoresearch run .* goes on with it/],
    [['set', '--max-iterations', '30'], /kept.*goes on with it/],
    [['add', '--name', 'mine', '--description', 'more threads'], /kept.*goes on with it/],
  ])('%j is kept', async ([command = '', ...args], said) => {
    const workdir = await stoppedRun();
    const { code, out, err } = await autoresearch(command, workdir.root, ...args);
    expect(out + err).toMatch(said);
    expect(code).toBe(0);
    expect(await waitingMessages(workdir)).toHaveLength(1);
  });

  it('and the advice can be copied, blanks in the path and all', async () => {
    const original = await stoppedRun();
    const root = `${original.root} moved`;
    onTestFinished(() => rm(root, { recursive: true, force: true }));
    await rename(original.root, root);
    const { out, err } = await autoresearch('note', root, 'look');
    expect(out + err).toContain(`autoresearch run '${root}'`);
  });

  it('pause says that there is nothing to steer', async () => {
    const workdir = await stoppedRun();
    const { code, err } = await autoresearch('pause', workdir.root);
    expect(code).toBe(3);
    expect(err).toContain('its run has ended (planner_stopped: nothing more)');
  });
});
