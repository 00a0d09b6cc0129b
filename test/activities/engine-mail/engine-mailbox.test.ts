import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import { describe, expect, it } from 'vitest';
import { type EngineMailbox, openEngineMailbox } from '../../../activities/engine-mail/engine-mailbox.js';
import type { ExperimentReport } from '../../../domain/protocol/activities.js';

const report = (nodeId: string): ExperimentReport => ({ type: 'launched', nodeId, jobId: 'j', launchedAtMs: 1 });

/** A mailbox on a server that takes each signal when `answer` lets it; what it took, by signal. */
function mailboxOn(answer: () => Promise<void> = async () => {}): { mailbox: EngineMailbox; signals: string[][] } {
  const signals: string[][] = [];
  const client = {
    workflow: {
      getHandle: (workflowId: string) => ({
        signal: async (name: string, reports: ExperimentReport[]) => {
          expect([workflowId, name]).toEqual(['autoresearch/r1', 'reports']);
          signals.push(reports.map(({ nodeId }) => nodeId));
          await answer();
        },
      }),
    },
  };
  return { mailbox: openEngineMailbox('r1', client as unknown as Client), signals };
}

describe('the mailbox of the engine', () => {
  it('sends what is due at one time in one signal, in order', async () => {
    const { mailbox, signals } = mailboxOn();
    await Promise.all([mailbox.deliver(report('a')), mailbox.deliver(report('b'))]);
    await Promise.all([mailbox.deliver(report('c')), mailbox.deliver(report('d'))]);
    expect(signals).toEqual([
      ['a', 'b'],
      ['c', 'd'],
    ]);
  });

  it('takes along what can wait, and sends it by itself when nothing comes', async () => {
    const { mailbox, signals } = mailboxOn();
    const waiting = mailbox.deliver(report('a'), { canWait: true });
    await mailbox.deliver(report('b'));
    await waiting;
    await mailbox.deliver(report('c'), { canWait: true });
    expect(signals).toEqual([['a', 'b'], ['c']]);
  });

  it('lets each sender know that its report did not arrive', async () => {
    const answers = [Promise.reject(new Error('the server is away')), Promise.resolve()];
    answers[0]?.catch(() => undefined);
    const { mailbox, signals } = mailboxOn(() => answers.shift() ?? Promise.resolve());
    const lost = [mailbox.deliver(report('a')), mailbox.deliver(report('b'))];
    for (const one of lost) await expect(one).rejects.toThrow('the server is away');
    await mailbox.deliver(report('a'));
    expect(signals).toEqual([['a', 'b'], ['a']]);
  });

  it('sends once what is told early and comes again, and a third time to who asks for it', async () => {
    const { mailbox, signals } = mailboxOn();
    await mailbox.deliver(report('a'), { comesAgain: true });
    await expect(mailbox.deliver(report('a'))).resolves.toBe(true);
    expect(signals).toEqual([['a']]);
    await mailbox.deliver(report('a'));
    expect(signals).toEqual([['a'], ['a']]);
  });

  it('sends again what did not arrive when it was told early', async () => {
    const answers = [Promise.reject(new Error('the server is away')), Promise.resolve()];
    answers[0]?.catch(() => undefined);
    const { mailbox, signals } = mailboxOn(() => answers.shift() ?? Promise.resolve());
    const early = mailbox.deliver(report('a'), { comesAgain: true });
    const later = mailbox.deliver(report('a'));
    await expect(early).rejects.toThrow('the server is away');
    await expect(later).resolves.toBe(true);
    expect(signals).toEqual([['a'], ['a']]);
  });

  it('is content when no engine runs: it looks up what happened when it starts', async () => {
    const gone = new WorkflowNotFoundError('no such workflow', 'autoresearch/r1', undefined);
    const { mailbox } = mailboxOn(() => Promise.reject(gone));
    await expect(mailbox.deliver(report('a'))).resolves.toBe(false);
  });
});
