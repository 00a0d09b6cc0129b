import { describe, expect, it } from 'vitest';
import { panelLines } from '../../../client/output/live-panel.js';
import { overviewOf } from '../../../domain/overview/overview.js';
import { statusView } from '../../../domain/protocol/views.js';
import type { EventBody } from '../../../domain/run/event-types.js';
import { syntheticRun } from '../../support/run-events.js';
import { recordOf } from '../../support/run-record.js';

function panel(rows: number, ...more: EventBody[]) {
  const { events } = syntheticRun({ followUps: 9, open: 6, failuresOfTen: 4 });
  for (const body of more) events.push({ seq: events.length + 1, atMs: events.at(-1)!.atMs, ...body });
  const record = recordOf(events);
  const overview = overviewOf(record, { nowMs: events.at(-1)!.atMs + 9000, isServed: true, stalled: [] });
  const engine = { pid: 1, since: '2026-11-24T09:00:00.000Z' };
  return panelLines({ status: statusView(record.state), overview, engine }, rows);
}

const TITLES = ['diagnostics', 'running', 'queue', 'last results', 'last findings'];
const titlesIn = (lines: readonly string[]) => TITLES.filter((title) => lines.some((line) => line.startsWith(title)));

describe('the live view', () => {
  it('has on a large terminal all of a run in one look', () => {
    const lines = panel(60);
    expect(lines[0]).toMatch(/^running · \d+ min \d+ s · plateau \d of 3, round 5 of 10 · 18 experiments: /);
    expect(lines[1]).toMatch(
      /^best 001_mtp 361.3 samples\/s: \+8% over the baseline \(334.5 samples\/s\), not verified/,
    );
    expect(lines[2]).toMatch(
      /^to come: 6 jobs \(about .*\), then .* planning rounds.*: most likely .*, at most .* to the end$/,
    );
    expect(titlesIn(lines)).toEqual(TITLES);
    expect(lines.find((line) => /^\d+_\S+ +runs +\d+ s +#+\.+ \d+% +\d+ s$/.test(line))).toBeDefined();
  });

  it('says of a run that drains that it does, and why', () => {
    const [first] = panel(60, { type: 'stop_requested', mode: 'drain' });
    expect(first).toMatch(/^draining \(user\): /);
  });

  it('never has more lines than there is room, and gives up what matters least first', () => {
    for (let rows = 1; rows <= 60; rows += 1) expect(panel(rows).length).toBeLessThanOrEqual(rows);
    expect(titlesIn(panel(14))).toEqual(TITLES);
    expect(titlesIn(panel(9))).toContain('running');
    expect(titlesIn(panel(9))).not.toContain('last findings');
    expect(panel(2)).toHaveLength(2);
  });
});
