/** Answers of a real API server and its controllers, which test/clusters/kubernetes-ends.ts records. */
import { readFileSync } from 'node:fs';
import { packageFile } from '../../../host/package-files.js';

export interface RecordedAnswers {
  name: string;
  pods: unknown[];
  jobs: unknown[];
}

export const RECORDED_ANSWERS = packageFile('test', 'fixtures', 'platforms', 'kubernetes-answers.jsonl');

export function allRecordedAnswers(): RecordedAnswers[] {
  const lines = readFileSync(RECORDED_ANSWERS, 'utf8').trim().split('\n');
  return lines.map((line) => JSON.parse(line) as RecordedAnswers);
}

export function recordedAnswers(name: string): RecordedAnswers {
  return allRecordedAnswers().find((each) => each.name === name)!;
}
