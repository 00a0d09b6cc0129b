/** The manual page and the completion: every command and flag, in the form that shells and `man` read. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { CommandDefinition } from '../../../client/command-definition.js';
import { completionScript, type Shell } from '../../../client/output/completion.js';
import { manPage } from '../../../client/output/man-page.js';

const act = async () => 0 as const;
const COMMANDS: CommandDefinition[] = [
  {
    name: 'start',
    args: '<workdir>',
    help: "start a run: it's in the background [no terminal]",
    flags: [
      { flags: '--max-hours <hours>', help: "hours, as in 'eight'; .5 is half of one" },
      { flags: '--no-wait', help: 'return at once' },
    ],
    after: '.hidden files stay\nand a back\\slash',
    examples: ["autoresearch start w --max-hours '8'"],
    act,
  },
  { name: 'status', args: '<workdir>', help: 'where it stands', act },
  { name: 'stop', args: '<workdir>', help: 'end it', act },
];

function scriptFile(shell: Shell): string {
  const folder = mkdtempSync(join(tmpdir(), 'autoresearch-completion-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, `_autoresearch.${shell}`);
  writeFileSync(file, completionScript(shell, COMMANDS));
  return file;
}

describe('completion', () => {
  it.each([
    ['st', 1, 'start status stop'],
    ['start --m', 2, '--max-hours'],
    ['start --', 2, '--max-hours --no-wait --json'],
    ['status --', 2, '--json'],
  ])('in bash, of `autoresearch %s`', (typed, at, answer) => {
    const words = typed.split(' ').map((word) => `'${word}'`);
    const ask = `source '${scriptFile('bash')}'; COMP_WORDS=(autoresearch ${words.join(' ')}); COMP_CWORD=${at}; _autoresearch; echo "\${COMPREPLY[@]}"`;
    expect(execFileSync('bash', ['--norc', '-c', ask], { encoding: 'utf8' }).trim()).toBe(answer);
  });

  // Of the others only what their own readers take is looked at, where they are installed.
  for (const shell of (['zsh', 'fish'] as const).filter((name) => !spawnSync(name, ['--version']).error))
    it(`is read by ${shell}`, () => {
      const read = spawnSync(shell, ['-n', scriptFile(shell)], { encoding: 'utf8' });
      expect(read).toMatchObject({ status: 0, stderr: '' });
    });
});

describe('the manual page', () => {
  const page = manPage(COMMANDS, 'Makes pipelines faster.', '1.0-a');

  it('has every command, flag, example and exit code', () => {
    for (const text of ['start <workdir>', '\\-\\-max\\-hours <hours>', "autoresearch start w \\-\\-max\\-hours '8'"])
      expect(page).toContain(text);
    expect(page).toMatch(/\.SH EXIT STATUS\n\.TP\n\.B 0\n/);
  });

  it('takes no text for a request of roff', () => {
    expect(page).toContain('\n\\&.hidden files stay\nand a back\\eslash\n');
    const requests = [...page.matchAll(/^[.']\w*/gm)].map(([request]) => request);
    expect(new Set(requests)).toEqual(new Set(['.TH', '.SH', '.SS', '.TP', '.B', '.I', '.PP', '.nf', '.fi']));
  });
});
