import { describe, expect, it } from 'vitest';
import { changeSetOf } from '../../domain/policies/change-set.js';
import { launchCommandProblem, parseLaunchCommand, shellWords } from '../../domain/policies/launch-command.js';
import { threadBudgetProblem } from '../../domain/policies/thread-budget.js';

const BASE = 'python train.py --image $IMAGE --workers 4 --lr -0.5';

describe('shellWords', () => {
  it.each([
    ['a b  c', ['a', 'b', 'c']],
    ['python \'my script.py\' --x "1 2"', ['python', 'my script.py', '--x', '1 2']],
    ['a\\ b c', ['a b', 'c']],
    ['a \\\n  b', ['a', 'b']],
    ["''", ['']],
  ])('%j', (command, words) => {
    expect(shellWords(command)).toEqual(words);
  });
});

describe('changeSetOf', () => {
  it.each([
    ['the base command', [], BASE, []],
    ['no command', ['A ', 'a'], '', ['a']],
    ['= for a blank', [], 'python train.py --image=$IMAGE --workers=4 --lr=-0.5', []],
    ['_ for -', [], 'python train.py --image $IMAGE --Workers 4 --lr -0.5 --num_threads 8', ['--num-threads=8']],
    ['a negative value', [], BASE.replace('-0.5', '-1e-3'), ['--lr=-1e-3']],
    ['a removed flag', [], 'python train.py --image $IMAGE --lr -0.5', ['removed --workers']],
    ['a bare flag', ['MTP'], `${BASE} --pin`, ['--pin', 'mtp']],
    ['the order of flags', [], 'python train.py --lr -0.5 --workers 4 --image $IMAGE', []],
  ])('%s', (_, changes, command, expected) => {
    expect(changeSetOf(changes, command, BASE)).toEqual(expected);
  });
});

describe('launchCommandProblem', () => {
  it.each([
    ['other values', 'python train.py --image $IMAGE --workers 16', null],
    ['another program', 'bash train.py --image $IMAGE', /must start with/],
    ['another script', 'python other.py --image $IMAGE', /must start with/],
    ['a second command', `${BASE}; rm -rf /`, /shell operators/],
    ['a substitution', `${BASE} --x $(id)`, /shell operators/],
    ['a backtick', `${BASE} --x \`id\``, /shell operators/],
    ['a redirection', `${BASE} > /etc/passwd`, /shell operators/],
    ['a new line', `${BASE}\nid`, /shell operators/],
    ['an operator as quoted text', `${BASE} --name 'a;b'`, null],
  ])('%s', (_, command, expected) => {
    const problem = launchCommandProblem(command, BASE);
    if (expected === null) expect(problem).toBeNull();
    else expect(problem).toMatch(expected);
  });

  it('allows the operators that the base command has', () => {
    const base = 'cd src && python train.py --n 1 | tee out.log';
    expect(launchCommandProblem(base.replace('--n 1', '--n 2'), base)).toBeNull();
  });
});

describe('parseLaunchCommand', () => {
  it('keeps several values of one flag together', () => {
    expect(parseLaunchCommand('x --sizes 1 2 3 --y').flags.get('--sizes')).toBe('1 2 3');
  });
});

describe('threadBudgetProblem', () => {
  const facts = { gpuCount: null, sixteenBeatFewer: false };
  it.each([
    ['no flag', 'x --workers 99', facts, null],
    ['at the limit', 'x --num_threads 16', facts, null],
    ['above it', 'x --num_threads=17', facts, /budget of 16/],
    ['one GPU', 'x --num_threads 32', { ...facts, gpuCount: 1 }, null],
    ['sixteen has won', 'x --num-threads 32', { ...facts, sixteenBeatFewer: true }, null],
    ['above the extended one', 'x --num_threads 33', { ...facts, gpuCount: 1 }, /budget of 32/],
    ['below the fetchers', 'x --num_threads 4 --num_fetch_threads 8', facts, /--num_fetch_threads 8/],
    ['below the decoders', 'x --num_threads 4 --num_decode_threads 5', facts, /--num_decode_threads 5/],
  ])('%s', (_, command, given, expected) => {
    const problem = threadBudgetProblem(command, given);
    if (expected === null) expect(problem).toBeNull();
    else expect(problem).toMatch(expected);
  });
});
