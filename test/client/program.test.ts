import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { RUN_FLAGS } from '../../client/flags/run-flags.js';
import { EXIT, EXIT_MEANINGS } from '../../client/output/exit-codes.js';
import { ConfigSchema } from '../../domain/formats/config.js';
import { packageFile } from '../../host/package-files.js';
import { autoresearch } from './command-line.js';

const COMMANDS =
  'supervise mcp run start status stop pause resume queue prioritize add remove cancel set note summary diff report export codec-server demo doctor worker'.split(
    ' ',
  );

describe('--help', () => {
  it('lists every command and every exit code', async () => {
    const { code, out, err } = await autoresearch('--help');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    for (const name of COMMANDS) expect(out).toMatch(new RegExp(`^ {2}${name} `, 'm'));
    for (const [name, value] of Object.entries(EXIT)) {
      expect(out).toContain(`${String(value).padEnd(4)} ${EXIT_MEANINGS[name as keyof typeof EXIT]}`);
    }
  });

  it.each(COMMANDS)('%s has --json and a help of its own', async (name) => {
    const { code, out } = await autoresearch(name, '--help');
    expect(code).toBe(0);
    expect(out).toContain('--json');
  });

  it('and README.md say the same of exit codes and commands', async () => {
    const readme = await readFile(packageFile('README.md'), 'utf8');
    for (const [name, value] of Object.entries(EXIT)) {
      expect(readme).toContain(`| ${value} | ${EXIT_MEANINGS[name as keyof typeof EXIT]} |`);
    }
    for (const name of COMMANDS.filter((command) => command !== 'worker'))
      expect(readme).toMatch(new RegExp(`\\b${name}\\b`));
  });

  it('names the defaults that config.json has', async () => {
    const config: Record<string, unknown> = ConfigSchema.parse({
      pipeline_script: 'x',
      source_dir: 'x',
      base_launch_command: 'x',
    });
    const said = RUN_FLAGS.flatMap(({ name, key: [first, second], help }) => {
      const text = /\(default: ([^)]*)\)/.exec(help)?.[1];
      const value = second === undefined ? config[first] : (config[first] as Record<string, unknown>)[second];
      const isSaidInWords = value === '' || value === null || typeof value === 'boolean' || Array.isArray(value);
      return text === undefined || isSaidInWords ? [] : [[name, text, String(value)]];
    });
    expect(said.length).toBeGreaterThanOrEqual(8);
    for (const [name, text, value] of said) expect([name, text]).toEqual([name, value]);
  });
});

describe('what is no command', () => {
  it.each([
    [['statsu', '/w'], "error: unknown command 'statsu'"],
    [['status'], "error: missing required argument 'workdir'"],
    [['status', '/w', '--wach'], "error: unknown option '--wach'"],
    [['run', '/w', '--patience'], "error: option '--patience <n>' argument missing"],
  ])('%j is refused', async (words, says) => {
    const { code, out, err } = await autoresearch(...words);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(says);
    const asJson = await autoresearch(...words, '--json');
    expect(JSON.parse(asJson.err)).toMatchObject({ error: { exit_code: 2 } });
  });
});
