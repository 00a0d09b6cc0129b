import { describe, expect, it } from 'vitest';
import { experimentTable } from '../../../domain/reports/experiment-table.js';
import { experimentsCsv } from '../../../domain/reports/experiments-csv.js';
import { Story } from '../run-story.js';

/** As RFC 4180 reads it. */
function parsed(csv: string): Record<string, string>[] {
  const rows: string[][] = [[]];
  for (const [, quoted, plain = '', end] of csv.matchAll(/(?:"((?:[^"]|"")*)"|([^,\r\n]*))(,|\r\n)/g)) {
    rows.at(-1)!.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    if (end !== ',') rows.push([]);
  }
  const [head = [], ...lines] = rows.filter((row) => row.length > 0);
  return lines.map((line) => Object.fromEntries(head.map((name, index) => [name, line[index] ?? ''])));
}

describe('experiments as CSV', () => {
  const story = new Story().setUp();
  story.completed('000_baseline', 100).completed('000_headspace', 900).completed('001_mtp', 120);
  story
    .add('002_x', { changeSet: ['say "hello", world', '=1+1'] })
    .completed('002_x', 150)
    .add('003_y')
    .failed('003_y');
  const rows = parsed(experimentsCsv(story.state));

  it('has a line for each, with the values of every table', () => {
    const table = experimentTable(story.state);
    expect(rows.map(({ node_id }) => node_id)).toEqual(table.map(({ nodeId }) => nodeId));
    for (const [index, { objective, gain, status }] of table.entries())
      expect(rows[index]).toMatchObject({
        status,
        value: objective === null ? '' : String(objective.value),
        gain: gain === null ? '' : String(gain),
      });
    expect(rows.at(-1)).toMatchObject({ failure: 'job_failed', value: '', runs: '0' });
  });

  it('keeps quotes and commas, and makes no text a formula', () => {
    expect(rows.find(({ node_id }) => node_id === '002_x')?.changes).toBe(`'=1+1; say "hello", world`);
    const formula = new Story().setUp().add('002_x', { name: '@SUM(A1)' });
    expect(experimentsCsv(formula.state)).toContain(",'@SUM(A1),");
  });
});
