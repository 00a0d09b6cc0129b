import { describe, expect, test } from 'vitest';
import { parseTsv, tsvLine } from '../../../domain/formats/tsv.js';
import { experimentTable } from '../../../domain/reports/experiment-table.js';
import { findingsReport } from '../../../domain/reports/findings.js';
import { masterTableHeader, masterTableLine } from '../../../domain/reports/master-table.js';
import { durationText, gainText, numberText, speedupText } from '../../../domain/reports/quantity-text.js';
import { runReport } from '../../../domain/reports/report-text.js';
import { newRunRecord } from '../../../domain/reports/run-record.js';
import { searchMemoryLines } from '../../../domain/reports/search-memory-lines.js';
import { summaryReport } from '../../../domain/reports/summary-text.js';
import type { EngineEvent, EventBody } from '../../../domain/run/event-types.js';
import { failure } from '../../../domain/run/failure.js';
import { budgetRun } from '../../support/budget-run.js';
import {
  commitFor,
  type RunOptions,
  type SyntheticRun,
  syntheticConfig,
  syntheticRun,
} from '../../support/run-events.js';
import { recordOf, specsOf } from '../../support/run-record.js';

function reportsOf(run: SyntheticRun) {
  const record = recordOf(run.events);
  const specs = specsOf(run, record);
  const lines = record.ended.map(({ nodeId }) =>
    masterTableLine(record.state.experiments[nodeId]!, specs.get(nodeId)!),
  );
  return {
    'summary.md': summaryReport(record),
    'findings.md': findingsReport(record),
    'report.md': runReport(record, specs, run.config),
    'master_table.tsv': `${[masterTableHeader(), ...lines].join('\n')}\n`,
  };
}

function withEvents(run: SyntheticRun, ...bodies: EventBody[]): SyntheticRun {
  const last = run.events.at(-1)!;
  const more = bodies.map((body, i): EngineEvent => ({ seq: last.seq + i + 1, atMs: last.atMs + i + 1, ...body }));
  return { ...run, events: [...run.events, ...more] };
}

describe('reports look as the golden files show', () => {
  const cases: Record<string, SyntheticRun> = {
    running: withEvents(syntheticRun({ followUps: 7, open: 5, failuresOfTen: 3, gpu: true }), {
      type: 'note_added',
      text: 'Try the | pipe <script>.',
    }),
    budgets: budgetRun({ unpriced: 1 }),
    stopped: syntheticRun({ followUps: 12, failuresOfTen: 3, stopped: true, seed: 11 }),
    'not-set-up': {
      ...syntheticRun({ followUps: 0 }),
      events: withEvents(
        { ...syntheticRun({ followUps: 0 }), events: syntheticRun({ followUps: 0 }).events.slice(0, 1) },
        {
          type: 'setup_failed',
          failure: failure('setup_source_failed', 'the source directory is not readable', 0),
        },
      ).events,
    },
  };
  for (const [name, run] of Object.entries(cases)) {
    for (const [file, text] of Object.entries(reportsOf(run))) {
      test(`${name}: ${file}`, async () => {
        await expect(text).toMatchFileSnapshot(`golden/${name}/${file}`);
      });
    }
  }
});

describe('the winner can be applied', () => {
  const lastLines = (options: RunOptions, change: Partial<SyntheticRun['config']> = {}) => {
    const run = syntheticRun(options);
    const record = recordOf(run.events);
    const report = runReport(record, specsOf(run, record), { ...run.config, ...change });
    return { record, text: report.slice(report.indexOf('## How to apply'), report.indexOf('## What worked')) };
  };
  const options = { followUps: 12, stopped: true, seed: 11 };

  test('by the commit, its ref and the difference from the anchor', () => {
    const { record, text } = lastLines(options);
    const best = record.state.best!;
    expect(text).toContain(`refs/autoresearch/r1/${best}`);
    const refs = 'refs/autoresearch/r1';
    expect(text).toContain(`git -C /home/you/project/src diff ${refs}/anchor:source ${refs}/${best}:source`);
    expect(text).toContain('python3 src/pipeline.py --image $IMAGE --');
    const apply = '`autoresearch apply .` in the workdir';
    expect(text).toContain(apply);
    expect(summaryReport(record)).toContain(apply);
    // What would bring the instrumentation along is no way to take it over.
    expect(text).not.toContain('| git');
  });

  test('from the private store where there is no git repository, quoting odd paths', () => {
    const sourceDir = "/data/it's here";
    expect(lastLines(options, { scm: '', source_dir: sourceDir }).text).toContain('git --git-dir=source.git diff');
    expect(lastLines(options, { source_dir: sourceDir }).text).toContain(`git -C '/data/it'\\''s here' diff`);
  });

  test('by its command alone where its code is that of the baseline', () => {
    const run = syntheticRun(options);
    const record = recordOf(run.events);
    record.state.baseCommit = commitFor(record.state.best!);
    const report = runReport(record, specsOf(run, record), syntheticConfig());
    expect(report).toContain('only the launch command differs');
    expect(report).not.toContain('git -C');
  });

  test('not when nothing beat the baseline', () => {
    const run = syntheticRun(options);
    const record = recordOf(run.events);
    record.state.best = '000_baseline';
    const report = runReport(record, specsOf(run, record), run.config);
    expect(report).toContain('There is nothing to apply.');
    expect(report).toContain('No experiment beat the baseline.');
  });
});

test('the table of experiments tells the best one, gains and failures', () => {
  const rows = experimentTable(recordOf(syntheticRun({ followUps: 8, open: 1, failuresOfTen: 4 }).events).state);
  expect(rows.map((row) => row.nodeId.slice(0, 3))).toEqual(rows.map((row) => row.nodeId.slice(0, 3)).sort());
  expect(rows.filter((row) => row.isBest)).toHaveLength(1);
  expect(rows[0]).toMatchObject({ kind: 'baseline', gain: 1, status: 'completed' });
  expect(rows.filter((row) => row.status === 'failed').every((row) => row.failureKind && row.gain === null)).toBe(true);
  expect(rows.at(-1)).toMatchObject({ status: 'running', objective: null, gain: null, durationS: null });
});

test('an empty run has a table without rows', () => {
  expect(experimentTable(newRunRecord().state)).toEqual([]);
});

describe('quantities', () => {
  test.each([
    [null, '-'],
    [Number.NaN, '-'],
    [0, '0'],
    [334.49, '334.5'],
    [3400, '3,400'],
    [0.12345, '0.1235'],
    [12, '12'],
  ])('number %s is %s', (value, text) => expect(numberText(value)).toBe(text));

  test.each([
    [null, '-'],
    [1, '0%'],
    [0.9996, '0%'],
    [1.004, '+0.4%'],
    [1.31, '+31%'],
    [0.9, '-10%'],
    [12.34, '12.3x'],
  ])('gain %s is %s', (value, text) => expect(gainText(value)).toBe(text));

  test('a speedup is a factor and a gain', () => {
    expect(speedupText(1.31)).toBe('1.31x (+31%)');
    expect(speedupText(null)).toBe('-');
  });

  test.each([
    [0.25, '0.3 s'],
    [59.9, '59.9 s'],
    [59.99, '1 min 00 s'],
    [200, '3 min 20 s'],
    [3599.7, '1 h 00 min'],
    [7500, '2 h 05 min'],
  ])('%s seconds are %s', (value, text) => expect(durationText(value)).toBe(text));
});

describe('tab-separated values', () => {
  test.each(['plain', 'tab\there', 'line\nbreak\r\n', 'back\\slash', '\\t is not a tab', 'naïve "quoted"'])(
    '%j comes back',
    (text) => {
      const table = `${tsvLine(['a', 'b'])}\n${tsvLine([text, null])}\n`;
      expect(table.split('\n')).toHaveLength(3);
      expect(parseTsv(table)).toEqual([{ a: text, b: '' }]);
    },
  );
});

test('gains that were never tried together are listed under the table of dimensions', () => {
  const expected = { metric: 'throughput_samples_per_s', value: 180 };
  const flat = {
    name: 'z',
    values: ['base', '4', '8'],
    series: [],
    best: null,
    effect: 0,
    bestEffect: 0,
    isBaseBest: false,
    isConcluded: true,
  };
  const combinations = [{ onto: '002_x', added: '003_y', changes: ['y=2'], expected }];
  const lines = searchMemoryLines({ dimensions: [flat], combinations });
  expect(lines).toContain('| z | base, 4, 8 | - | 0% | yes |');
  expect(lines).toContain('- 003_y (y=2) on top of 002_x: 180 samples/s, were the two gains to multiply');
});
