import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { decodesVideo, leftOutPractices, untriedPractices } from '../../../domain/proposals/best-practices.js';
import { pullRequest } from '../../../domain/reports/pull-request.js';
import { summaryReport } from '../../../domain/reports/summary-text.js';
import { packageFile } from '../../../host/package-files.js';
import { recordOf } from '../../support/run-record.js';
import { Story } from '../run-story.js';

/** The analyser's cases in test/playbook/python read the same file. */
const WORDS = JSON.parse(readFileSync(packageFile('test', 'fixtures', 'video-words.json'), 'utf8')) as {
  'decodes video': string[];
  'decodes none': string[];
};

it('knows code that decodes video by its words', () => {
  expect(WORDS['decodes video'].filter((code) => !decodesVideo(code))).toEqual([]);
  expect(WORDS['decodes none'].filter((code) => decodesVideo(code))).toEqual([]);
});

it('leaves out what a person removed, says so in the reports, and counts it once it is tried after all', () => {
  const story = new Story().setUp(['mtp', 'batch_size_tuning']);
  story.tell({ type: 'experiment_removed', nodeId: '001_mtp', byPerson: true });
  const { state } = story.completed('000_baseline', 100).tell({ type: 'best_changed', nodeId: '000_baseline' });
  story.add('002_a').completed('002_a', 200).tell({ type: 'best_changed', nodeId: '002_a' });
  expect([untriedPractices(state), leftOutPractices(state)]).toEqual([['batch_size_tuning'], ['mtp']]);
  expect(pullRequest(state, '002_a', [], null).body).toContain(
    'Known ways that were not tried: batch_size_tuning, mtp (a person removed it from the queue).',
  );
  expect(summaryReport(recordOf(story.events))).toContain(
    '- Best practices tried: none yet; mtp is left out (a person removed it from the queue)',
  );
  story.add('003_mine', { tags: ['mtp'] }).completed('003_mine', 90);
  expect([untriedPractices(state), leftOutPractices(state)]).toEqual([['batch_size_tuning'], []]);
});
