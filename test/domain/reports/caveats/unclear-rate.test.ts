import { describe, expect, test } from 'vitest';
import { overviewOf } from '../../../../domain/overview/overview.js';
import { unclearRateText } from '../../../../domain/reports/caveats/unclear-rate.js';
import { runReport } from '../../../../domain/reports/report-text.js';
import { newRunRecord } from '../../../../domain/reports/run-record.js';
import { summaryReport } from '../../../../domain/reports/summary-text.js';
import { Story } from '../../run-story.js';

const WHY = 'about 4 processes train at a time, and no line says which of them printed it';

function story(unclearRate?: string) {
  const remark = unclearRate === undefined ? {} : { unclearRate };
  return new Story().setUp().completed('000_baseline', 160, remark).completed('000_headspace', 500);
}

describe('a throughput of which nobody knows whose it is', () => {
  test('is no word where each says it', () => {
    expect(unclearRateText(story().state)).toBeNull();
  });

  test('is told before the numbers of both reports, and in status', () => {
    const { state } = story(WHY);
    const text = unclearRateText(state);
    expect(text).toBe(`The throughput may be that of one rank alone, in 1 of 2 measured jobs (000_baseline: ${WHY}).`);
    const record = { ...newRunRecord(), state };
    const config = { base_launch_command: 'python train.py', scm: 'git', source_dir: '/src' } as never;
    for (const report of [summaryReport(record), runReport(record, new Map(), config)]) {
      expect(report).toContain(`**${text}**`);
      expect(report.indexOf(text!)).toBeLessThan(report.indexOf('160'));
    }
    const overview = overviewOf(record, { nowMs: 0, isServed: true, stalled: [] });
    expect(overview.diagnostics).toContainEqual(expect.objectContaining({ what: 'the throughput', why: text }));
  });
});
