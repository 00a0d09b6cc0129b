/** What a run without a terminal prints when nothing of it goes on: once, and once when it goes on. */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { statusAnswer } from '../../../client/run/run-status.js';
import { StuckLines, stuckBy, watchStuck } from '../../../client/stalled/stuck-lines.js';
import type { Diagnostic } from '../../../domain/overview/diagnostic.js';
import { applyToRecord, newRunRecord } from '../../../domain/reports/run-record.js';
import { openRunLog } from '../../../workdir/event-log.js';
import { Workdir } from '../../../workdir/paths.js';
import { notePending } from '../../../workdir/pending-jobs.js';
import { Story } from '../../domain/run-story.js';
import { removeFolder } from '../../support/remove-folder.js';
import { syntheticConfig } from '../../support/run-events.js';
import { SmallDisk } from '../../support/small-disk.js';
import { temporaryWorkdir } from '../../support/synthetic-workdir.js';

const config = syntheticConfig('demo');
const engine = { pid: 1, since: '2026-11-30T08:00:00.000Z' };
const full = (why: string): Diagnostic => ({
  level: 'stuck',
  what: 'the disk is full',
  since: null,
  why,
  advice: 'make room',
});

/** One job was handed to its cluster, a minute and more before. */
function launched(): Story {
  const nodeId = '000_baseline';
  const story = new Story().setUp().tell({ type: 'experiment_preparing', nodeId });
  return story.tell({ type: 'experiment_prepared', nodeId, commit: 'c1' }, { type: 'slot_granted', nodeId, slot: 0 });
}

function answerOf(story: Story, reason: string | null, more: { room?: string; stalled?: boolean } = {}) {
  const record = newRunRecord();
  record.state.run = 'demo';
  for (const event of story.events) applyToRecord(record, event);
  const pending = new Map(reason === null ? [] : [['000_baseline', { sinceMs: Date.UTC(2026, 10, 30, 8), reason }]]);
  const work = { who: 'engine', what: 'exportWorkdir', attempts: 5, since: null, failure: 'ENOSPC', advice: 'wait' };
  return statusAnswer({
    ...{ workdir: new Workdir('/w'), config, record, engine, temporal: null, pending },
    room: more.room ?? null,
    stalled: more.stalled ? [work] : [],
  });
}

describe('what a run is stuck by', () => {
  it('is its only job, which the scheduler holds', () => {
    expect(stuckBy(answerOf(launched(), 'Slurm: PENDING, JobHeldUser'))).toMatchObject([
      {
        level: 'stuck',
        what: 'nothing runs, and 000_baseline in the queue',
        why: 'Slurm: PENDING, JobHeldUser',
        since: '2026-11-30T08:00:00.000Z',
      },
    ]);
  });

  it('is no queue while another job runs, and none that tells no reason', () => {
    const both = launched().tell({ type: 'experiment_preparing', nodeId: '000_headspace' });
    const found = stuckBy(answerOf(both, 'Slurm: PENDING, JobHeldUser')).map(({ what }) => what);
    expect(found.filter((what) => what.startsWith('nothing runs'))).toEqual([]);
    expect(stuckBy(answerOf(launched(), null))).toEqual([]);
  });

  it('is a full disk, and not what the server tries again, of which other lines tell', () => {
    const found = stuckBy(answerOf(launched(), null, { room: '0.0 MiB are free', stalled: true }));
    expect(found.map(({ what }) => what)).toEqual(['the disk is full']);
  });
});

describe('its lines', () => {
  const atMs = Date.UTC(2026, 10, 30, 8);

  it('come once, and once when it goes on', () => {
    const lines = new StuckLines();
    expect(lines.next([full('0.3 MiB are free')], atMs)).toEqual([
      'stuck: the disk is full, since 2026-11-30 08:00 UTC: 0.3 MiB are free; to do: make room',
    ]);
    for (let second = 1; second < 300; second += 1)
      expect(lines.next([full(`0.${second} MiB are free`)], atMs + 1000 * second)).toEqual([]);
    expect(lines.next([], atMs + 300_000)).toEqual([]);
    expect(lines.next([], atMs + 340_000)).toEqual(['goes on: it is no longer stuck (the disk is full)']);
    expect(lines.next([], atMs + 341_000)).toEqual([]);
  });

  it('are not repeated where room comes and goes', () => {
    const lines = new StuckLines();
    const said = Array.from({ length: 600 }, (_, second) =>
      lines.next(second % 2 === 0 ? [full('no room')] : [], atMs + 1000 * second),
    );
    expect(said.flat()).toHaveLength(1);
  });

  it('tell another reason of the same wait, and seldom', () => {
    const lines = new StuckLines();
    const reasons = Array.from({ length: 3600 }, (_, second) => full(`${second % 7} of 7 nodes are drained`));
    const said = reasons.flatMap((each, second) => lines.next([each], atMs + 1000 * second));
    expect(said.length).toBeGreaterThan(1);
    expect(said.length).toBeLessThan(8);
  });
});

async function watched(workdir: Workdir): Promise<{ said: string[]; [Symbol.asyncDispose](): Promise<void> }> {
  const said: string[] = [];
  const ending = new AbortController();
  const end = watchStuck(workdir, config, { say: (line) => said.push(line), signal: ending.signal, lookMs: 20 });
  return {
    said,
    [Symbol.asyncDispose]: async () => {
      ending.abort();
      await end;
    },
  };
}

describe('a run in the background', () => {
  it('says that its job is held', async () => {
    const workdir = await temporaryWorkdir();
    await openRunLog(workdir).append(launched().events);
    await notePending(workdir, '000_baseline', 'Slurm: PENDING, JobHeldUser: it is held');
    await using seen = await watched(workdir);
    await vi.waitFor(() => expect(seen.said).toHaveLength(1), { timeout: 30_000 });
    expect(seen.said[0]).toMatch(
      /^\d\d:\d\d:\d\d {2}stuck: nothing runs, and 000_baseline in the queue, since .* UTC: Slurm: PENDING, JobHeldUser: it is held; to do: .*autoresearch cancel/,
    );
  });

  const root = mkdtemp(join(tmpdir(), 'autoresearch-stuck-'));
  afterAll(async () => removeFolder(await root));
  const problem = SmallDisk.problem();

  it('says that its disk is full', async ({ skip }) => {
    const why = await problem;
    skip(why !== null, why ?? '');
    const disk = join(await root, 'disk');
    await using mounted = await SmallDisk.mount(disk, 20);
    const workdir = new Workdir(disk);
    await openRunLog(workdir).append(launched().events);
    await using seen = await watched(workdir);
    await mounted.fill();
    await vi.waitFor(() => expect(seen.said).toHaveLength(1), { timeout: 30_000 });
    expect(seen.said[0]).toMatch(
      / {2}stuck: the disk is full, since .* UTC: \d+\.\d MiB are free where .*; to do: make room/,
    );
  });
});
