import { describe, expect, it } from 'vitest';
import { shellCommands, shellWords } from '../../../domain/command/shell-commands.js';
import { CASES } from './shell-word-cases.js';

it.each(CASES)('$says', ({ text, commands }) => {
  expect(shellCommands(text)).toEqual(commands);
});

describe('shellWords', () => {
  it.each([
    ['a list of arguments', "--model x --tools 'Read Grep'", ['--model', 'x', '--tools', 'Read Grep']],
    ['operators as text', 'Bash(git:*) a;b $(c)', ['Bash(git:*)', 'a;b', '$(c)']],
    ['an empty word', "''", ['']],
  ])('%s', (_, text, words) => {
    expect(shellWords(text)).toEqual(words);
  });
});
