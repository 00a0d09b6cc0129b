/**
 * The objects that the analyser is made of, each by the cases in the Python file of its name, all run by one process.
 */
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { packageFile } from '../../host/package-files.js';
import { python } from './pipeline-fixtures.js';

const CASES = packageFile('test', 'playbook', 'python');
const PARTS = packageFile('playbook', 'python', 'pipeline_source');
const FILES = readdirSync(CASES, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('_test.py'));

interface Outcome {
  ran: number;
  failures: string[];
}

let outcomes: Record<string, Outcome>;

beforeAll(() => {
  const runner = join(CASES, 'run_cases.py');
  const printed = execFileSync(python, ['-I', runner, packageFile('playbook', 'python'), ...FILES], {
    encoding: 'utf8',
  });
  outcomes = JSON.parse(printed) as Record<string, Outcome>;
});

it.each(FILES)('%s', (file) => {
  expect(outcomes[file]?.failures).toEqual([]);
  expect(outcomes[file]?.ran).toBeGreaterThan(0);
});

it.each(['flow', 'libraries', 'loops'])('each part in %s has cases of its own', (room) => {
  const parts = readdirSync(join(PARTS, room)).filter((file) => file.endsWith('.py'));
  const missing = parts.filter((file) => !FILES.includes(join(room, file.replace('.py', '_test.py'))));
  expect(missing).toEqual([]);
});
