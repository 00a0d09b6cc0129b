import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { packageFile } from '../../host/package-files.js';
import { filled, PLACE, type Reads } from '../../scripts/walk-through/filled.mjs';

const asked: string[] = [];
const reads: Reads = {
  run: async (command) => {
    asked.push(command);
    return 'one\n\ntwo\nthree';
  },
  json: async () => ({ best: { gain: 2.3456, name: 'x' } }),
  file: () => '# Report\n\ntext',
};
const fill = (template: string) => filled(template, { date: 'today' }, reads);

describe('the template of the walk-through', () => {
  it('has what commands printed, values, files and words in its places', async () => {
    expect(await fill('{{date}}:\n\n{{run ls "a b"}}\n')).toBe(
      'today:\n\n    $ ls "a b"\n    one\n\n    two\n    three\n',
    );
    expect(asked.at(-1)).toBe('ls "a b"');
    expect(await fill('{{value status --json | best.gain}} of {{value status --json | best.name}}')).toBe('2.35 of x');
    expect(await fill('{{file report.md}}')).toBe('> # Report\n>\n> text');
  });

  it('tells what was left out', async () => {
    expect(await fill('{{run x | first 1 last 1}}')).toBe('    $ x\n    one\n    … (2 lines)\n    three');
    expect(await fill('{{run x | until two}}')).toBe('    $ x\n    one\n\n    … (2 lines)');
    expect(await fill('{{run x | from tw}}')).toBe('    $ x\n    … (2 lines)\n    two\n    three');
  });

  it.each(['{{nothing}}', '{{value x | best.speed}}', '{{run x | from four}}', '{{run x | first 3}}'])(
    'has no place %s',
    async (template) => {
      await expect(fill(template)).rejects.toThrow();
    },
  );

  it('is what docs/walk-through.md was made from', () => {
    const made = readFileSync(packageFile('docs', 'walk-through.md'), 'utf8');
    const template = readFileSync(packageFile('scripts', 'walk-through', 'template.md'), 'utf8');
    let at = 0;
    for (const text of template.split(new RegExp(PLACE.source, 's')).filter((_, index) => index % 3 === 0)) {
      expect(made.indexOf(text, at), text).toBeGreaterThanOrEqual(at);
      at = made.indexOf(text, at) + text.length;
    }
  });
});
