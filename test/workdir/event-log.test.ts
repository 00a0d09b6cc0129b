import { appendFile, mkdir, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { describe, expect, test } from 'vitest';
import { EventLogReader } from '../../client/run/followed-log.js';
import { applyEvent } from '../../domain/run/apply-event.js';
import { initialState } from '../../domain/run/engine-state.js';
import type { EngineEvent } from '../../domain/run/event-types.js';
import { BadSetting } from '../../host/bad-setting.js';
import { openRunLog } from '../../workdir/event-log.js';
import { syntheticRun } from '../support/run-events.js';
import { temporaryWorkdir } from '../support/synthetic-workdir.js';

const { events } = syntheticRun({ followUps: 6, open: 2, failuresOfTen: 3 });

function folded(upTo: readonly EngineEvent[]) {
  return upTo.reduce(applyEvent, initialState(''));
}

describe('the event log', () => {
  test('is empty before the first event', async () => {
    const log = openRunLog(await temporaryWorkdir());
    expect(await log.state()).toEqual(initialState(''));
    expect(await log.events()).toEqual([]);
    expect(await log.append([])).toBe(0);
  });

  test('appends an event once, however often it comes', async () => {
    const workdir = await temporaryWorkdir();
    const log = openRunLog(workdir);
    expect(await log.append(events.slice(0, 5))).toBe(5);
    const before = await readFile(workdir.events, 'utf8');
    expect(await log.append(events.slice(0, 5))).toBe(5);
    expect(await readFile(workdir.events, 'utf8')).toBe(before);
    expect(await log.append(events.slice(3, 9))).toBe(9);
    expect(await log.events()).toEqual(events.slice(0, 9));
  });

  test('goes on from where an event says something else than its newest lines', async () => {
    const workdir = await temporaryWorkdir();
    const said: unknown[] = [];
    const log = openRunLog(workdir, (message, fields) => said.push([message, fields]));
    await log.append(events.slice(0, 12));
    expect(said).toEqual([]);
    const again = events.slice(9, 11).map((event) => ({ ...event, atMs: event.atMs + 1 }));
    expect(await log.append([events[8]!, ...again])).toBe(11);
    const whole = [...events.slice(0, 9), ...again];
    // However few they are: an older copy of the database may have come back as well as a killed engine.
    const given = events.slice(9, 12).map((event) => `${JSON.stringify(event)}\n`);
    expect(await readFile(workdir.supersededEvents, 'utf8')).toBe(given.join(''));
    const facts = { from: 10, count: 3, file: workdir.supersededEvents };
    expect(said).toEqual([[expect.stringContaining('they are kept'), facts]]);
    expect(await log.append(again)).toBe(11);
    expect(said).toHaveLength(1);
    expect(await log.events()).toEqual(whole);
    expect(await log.state()).toEqual(folded(whole));
    expect(await openRunLog(workdir).append(again)).toBe(11);
    expect(await openRunLog(workdir).append(events.slice(9, 12))).toBe(12);
    expect(await openRunLog(workdir).state()).toEqual(folded(events.slice(0, 12)));
  });

  test('is read anew where another process let it fork, however long it is since then', async () => {
    const workdir = await temporaryWorkdir();
    const reader = openRunLog(workdir);
    await openRunLog(workdir).append(events.slice(0, 12));
    expect(await reader.state()).toEqual(folded(events.slice(0, 12)));
    const again = events.slice(9, 14).map((event) => ({ ...event, atMs: event.atMs + 1_000 }));
    await openRunLog(workdir).append(again);
    expect(await reader.state()).toEqual(folded([...events.slice(0, 9), ...again]));
  });

  test('neither cuts off nor takes as known what went another way before its newest lines', async () => {
    const workdir = await temporaryWorkdir();
    const long = syntheticRun({ followUps: 60, open: 2, failuresOfTen: 3 }).events;
    expect(long.length).toBeGreaterThan(400);
    await openRunLog(workdir).append(long);
    const other = long.slice(100, 110).map((event) => ({ ...event, atMs: event.atMs + 1 }));
    await expect(openRunLog(workdir).append(other)).rejects.toThrow(/event 101 stands otherwise.*autoresearch run/);
    expect(await openRunLog(workdir).append(long.slice(100, 110))).toBe(long.length);
    expect(await openRunLog(workdir).events()).toEqual(long);
    // Nearer to its end it may be what a killed engine was about to do.
    const near = long.slice(-100).map((event) => ({ ...event, atMs: event.atMs + 1 }));
    await openRunLog(workdir).append(near);
    const kept = long.slice(-100).map((event) => `${JSON.stringify(event)}\n`);
    expect(await readFile(workdir.supersededEvents, 'utf8')).toBe(kept.join(''));
  });

  test('takes overlapping calls in turn', async () => {
    const log = openRunLog(await temporaryWorkdir());
    const ends = await Promise.all([
      log.append(events.slice(0, 4)),
      log.append(events.slice(0, 4)),
      log.append(events),
    ]);
    expect(ends).toEqual([4, 4, events.length]);
    expect(await log.events()).toEqual(events);
  });

  test('refuses a gap and says where it is, and writes nothing', async () => {
    const workdir = await temporaryWorkdir();
    const log = openRunLog(workdir);
    await log.append(events.slice(0, 3));
    await expect(log.append(events.slice(4))).rejects.toThrow(/event 5 cannot be appended: the log ends at 3/);
    await expect(log.append([events[3]!, events[5]!])).rejects.toThrow(RangeError);
    expect(await log.events()).toEqual(events.slice(0, 3));
    expect(await log.append(events)).toBe(events.length);
  });

  test.each(['../outside', '', '.hidden', 'a/b', '-rf', 'x'.repeat(129)])('refuses the node id %j', async (nodeId) => {
    const log = openRunLog(await temporaryWorkdir());
    const event: EngineEvent = { seq: 1, atMs: 1, type: 'experiment_preparing', nodeId };
    await expect(log.append([event])).rejects.toThrow(RangeError);
    expect(await log.events()).toEqual([]);
  });

  test('folds to the state of the reducer, and on from where it was', async () => {
    const workdir = await temporaryWorkdir();
    const [writer, reader] = [openRunLog(workdir), openRunLog(workdir)];
    for (let from = 0; from < events.length; from += 7) {
      await writer.append(events.slice(from, from + 7));
      expect(await reader.state()).toEqual(folded(events.slice(0, from + 7)));
    }
    expect(await writer.state()).toEqual(await reader.state());
  });

  test.each([
    ['half a line', (line: string) => line.slice(0, line.length / 2)],
    ['a line without its end', (line: string) => line],
    ['a block of zeros with an end', () => `${'\0'.repeat(64)}\n`],
  ])('drops %s that a crash left, and goes on', async (_, tear) => {
    const workdir = await temporaryWorkdir();
    await openRunLog(workdir).append(events.slice(0, 4));
    await appendFile(workdir.events, tear(JSON.stringify(events[4])));
    const log = openRunLog(workdir);
    expect((await log.state()).seq).toBe(4);
    expect(await log.append(events.slice(4, 6))).toBe(6);
    expect(await openRunLog(workdir).events()).toEqual(events.slice(0, 6));
  });

  test('a broken line with events behind it is an error that names the place', async () => {
    const workdir = await temporaryWorkdir();
    await mkdir(dirname(workdir.events), { recursive: true });
    await writeFile(workdir.events, `${JSON.stringify(events[0])}\nnot json\n${JSON.stringify(events[1])}\n`);
    await expect(openRunLog(workdir).state()).rejects.toThrow(/events\.jsonl: line 2 is not an event; .*\(head -n 1\)/);
  });

  const BACKUP =
    'put a backup of the file back; without one, keep the lines before it alone (head -n 3), and the run goes on from there';
  test.each([
    [
      'is missing',
      [0, 1, 2, 4, 5],
      `line 4 is event 5, and the line before is event 3: what stood between is missing; ${BACKUP}`,
    ],
    ['is there twice', [0, 1, 2, 2, 3], 'line 4 is event 3 once more; take the line out'],
    ['is the last one, and is there twice', [0, 1, 2, 2], 'line 4 is event 3 once more; take the line out'],
    ['is another one', [0, 1, 2, 'other', 3], `line 4 is event 3 again, which says something else there; ${BACKUP}`],
    [
      'is missing at the beginning',
      [1, 2],
      'line 1 is event 2: what stood before is missing; put a backup of the file back',
    ],
  ])('a line that %s is refused as bad input, with the file, the line and what to do', async (_, lines, says) => {
    const workdir = await temporaryWorkdir();
    await openRunLog(workdir).append(events.slice(0, 1));
    const log = openRunLog(workdir);
    await log.state();
    const textOf = (each: number | string) =>
      JSON.stringify(typeof each === 'number' ? events[each] : { ...events[2], atMs: 1 });
    const before = `${lines.map(textOf).join('\n')}\n`;
    await writeFile(workdir.events, before);
    for (const reader of [openRunLog(workdir), log]) {
      await expect(reader.state()).rejects.toThrow(`${workdir.events}: ${says}`);
      await expect(reader.state()).rejects.toThrow(BadSetting);
      await expect(reader.append(events.slice(0, 6))).rejects.toThrow(says);
    }
    await expect(new EventLogReader(workdir.events).next()).rejects.toThrow(says);
    expect(await readFile(workdir.events, 'utf8')).toBe(before);
  });

  test('starts over when the file was put back to an earlier one', async () => {
    const workdir = await temporaryWorkdir();
    const log = openRunLog(workdir);
    await log.append(events.slice(0, 2));
    const { size } = await stat(workdir.events);
    await log.append(events.slice(2, 8));
    await truncate(workdir.events, size);
    expect(await log.state()).toEqual(folded(events.slice(0, 2)));
    expect(await log.append(events.slice(2, 8))).toBe(8);
  });
});
