import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { knowledgeText } from '../../../agents/prompts/knowledge-folder.js';
import { DEFAULT_SETTINGS } from '../../../agents/prompts/stable-parts.js';
import { promptParts } from '../../../agents/prompts/task-prompt.js';
import { protectedPaths } from '../../../domain/proposals/protected-paths.js';
import { temporaryFolder, write } from '../../activities/source-fixture.js';
import { ANALYZE, APPLY, PLAN } from '../../support/agents/agent-tasks.js';
import { removeFolder } from '../../support/remove-folder.js';

let folder: string;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => removeFolder(folder));

it('shows the text files of the folder by name, and no others', async () => {
  write(folder, { 'b.md': '# Beta\n', 'a.txt': 'alpha', 'data.bin': 'x', 'run.py': 'x' });
  mkdirSync(join(folder, 'c.md'));
  const text = await knowledgeText(folder);
  expect(text).toMatch(/### a\.txt\n\n```text\nalpha\n```\n\n### b\.md\n\n```text\n# Beta\n```\n$/);
  expect(text).not.toMatch(/run\.py|data\.bin|c\.md/);
  expect(await knowledgeText('')).toBe('');
});

it('cuts what is too long, and says what', async () => {
  write(folder, { 'a.md': 'x'.repeat(59_000), 'b.md': 'y'.repeat(3000), 'c.md': 'z' });
  const text = await knowledgeText(folder);
  expect(text).toContain('Cut to 60000 characters in all: b.md (1000 of 3000 characters), c.md (0 of 1 characters).');
  expect(text.length).toBeLessThan(61_000);
});

it('stands in the stable part of each prompt that teaches, the same for all', async () => {
  write(folder, { 'a.md': 'The store answers in 20 ms. {{project}}\n' });
  const blocks = new Set<string>();
  write(folder, { 'train.py': 'print(1)\n' });
  const source = { dir: folder, script: 'train.py', python: 'python3' };
  for (const each of [APPLY, PLAN, ANALYZE]) {
    const task = { ...each, source };
    const { stable, rest } = await promptParts(task, { ...DEFAULT_SETTINGS, knowledgeDir: folder });
    const taught = stable.filter((part) => part.includes('The store answers in 20 ms. {{project}}'));
    expect(rest).not.toContain('The store answers');
    for (const part of taught) blocks.add(part);
  }
  expect(blocks.size).toBe(1);
});

it('protects tests and helpers by default, but never the script itself', () => {
  const protect = ['conf/**'];
  expect(protectedPaths({ protect }, { script: 'train.py', instruments: false })).toEqual([
    '**/test_*.py',
    '**/*_test.py',
    '**/tests/**',
    '**/_autoresearch*',
    'conf/**',
  ]);
  const own = protectedPaths({ protect }, { script: 'tests/speed_test.py', instruments: true });
  expect(own).toEqual(['**/test_*.py', 'conf/**']);
});
