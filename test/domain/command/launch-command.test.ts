import { describe, expect, it } from 'vitest';
import { differingFlags, flagsOf } from '../../../domain/command/launch-command.js';
import { launchCommandProblem } from '../../../domain/command/launch-command-rules.js';
import { threadBudgetProblem } from '../../../domain/command/thread-budget.js';
import { changeSetOf } from '../../../domain/proposals/change-set.js';

const BASE = 'python train.py --image $IMAGE --workers 4 --lr -0.5';

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

  const LAUNCHER = 'torchrun --standalone --nproc_per_node=2 train.py data/train --lr 0.1 --sizes 1 2 --pin';
  const PIPED = 'cd src && python train.py --n 1 2>&1 | tee out.log';
  it.each([
    ['the very base command', PIPED, PIPED, null],
    ['the operators that the base command has', PIPED.replace('--n 1', '--n 2 --pin'), PIPED, null],
    ["the launcher's number", LAUNCHER.replace('=2', '=4'), LAUNCHER, null],
    ['several numbers of one flag', LAUNCHER.replace('1 2', '4 8 16'), LAUNCHER, null],
    ['a flag without its value', LAUNCHER.replace('--lr 0.1', ''), LAUNCHER, null],
    [
      'the variables that the engine gives',
      `${BASE} --out "$WORKDIR/x" --tag \${NODE_ID} --src $SOURCE_DIR/a`,
      BASE,
      null,
    ],
    ['quoted text', `${BASE} --name 'a b $HOME *' --x "c d"`, BASE, null],
    ['a command on two lines', 'python train.py \\\n  --image $IMAGE', BASE, null],
    [
      'what the base command itself expands',
      'python t.py --out $HOME/x --n 2',
      'python t.py --out $HOME/x --n 1',
      null,
    ],
    ['an environment in front', `LD_PRELOAD=/tmp/x.so ${BASE}`, BASE, /must start with "python train\.py"/],
    ['a wrapper in front', `nice ${BASE}`, BASE, /must start with/],
    [
      'another script after a flag',
      'torchrun --standalone evil.py --lr 1',
      'torchrun --standalone train.py',
      /must start with/,
    ],
    ['another flag of the launcher', LAUNCHER.replace('--standalone', '--no-python'), LAUNCHER, /must start with/],
    [
      'a further flag of the launcher',
      LAUNCHER.replace('train.py', '--log-dir x train.py'),
      LAUNCHER,
      /must start with/,
    ],
    ['another module', 'python -m other --lr 1', 'python -m pkg.train --lr 1', /must start with/],
    ['other code', 'python -c "import os" --n 1', 'python -c "import t; t.main()" --n 1', /must start with/],
    ['another text for bash', "bash -lc 'id' --n 1", "bash -lc 'python train.py' --n 1", /must start with/],
    ['another positional word', LAUNCHER.replace('data/train', '/etc'), LAUNCHER, /must start with/],
    [
      'a word that belongs to no flag',
      'python train.py --n 1 x',
      'python train.py --n 1',
      /"x", which belongs to no flag/,
    ],
    ['another word after a value', 'python t.py --n 1 other', 'python t.py --n 1 train', /"other", which belongs/],
    ['a lost word after a value', 'python t.py --n 1', 'python t.py --n 1 train', /must keep the words "train"/],
    ['a script as a value', 'bash run.sh --fast evil.py', 'bash run.sh --fast train.py', /"evil.py", which belongs/],
    ['words behind --', 'python t.py --n 1 -- x', 'python t.py --n 1', /must keep ""/],
    ['a file for a redirection', PIPED.replace('out.log', '/tmp/out.log'), PIPED, /must keep "tee out.log"/],
    ["another program's flags", PIPED.replace('tee', 'tee --append'), PIPED, /must keep "tee out.log"/],
    [
      'a moved substitution',
      'cd && python t.py --a $(dirname x)',
      'cd $(dirname x) && python t.py --a',
      /shell operators/,
    ],
    ['another substitution', 'python t.py --a $(id -u --x)', 'python t.py --a $(id -u)', /must keep "id -u"/],
    ['a substitution in a value', `${BASE} --x=$(id)`, BASE, /shell operators/],
    ['a substitution in double quotes', `${BASE} --x "$(id)"`, BASE, /would expand "\$\(id"/],
    ['a backquote in double quotes', `${BASE} --x "\`id\`"`, BASE, /would expand "`"/],
    ['$IFS', `${BASE} --x=a\${IFS}b`, BASE, /would expand "\$\{IFS\}"/],
    ['a secret', `${BASE} --x $AWS_SECRET_ACCESS_KEY`, BASE, /would expand "\$AWS_SECRET_ACCESS_KEY"/],
    ['a variable that begins alike', `${BASE} --x $IMAGES`, BASE, /would expand "\$IMAGES"/],
    ['a default value', `${BASE} --x \${IMAGE:-x}`, BASE, /would expand/],
    ['an ANSI string', `${BASE} --x $'\\x3b'`, BASE, /would expand "\$"/],
    ['a comment', `${BASE} # --workers`, BASE, /would expand "#"/],
    ['a glob', `${BASE} --x /etc/*`, BASE, /would expand "\*"/],
    ['a class of characters', `${BASE} --x [a-z]`, BASE, /would expand "\["/],
    ['braces', `${BASE} --x {a,b}`, BASE, /would expand "\{"/],
    ['a home directory', `${BASE} --x ~/x`, BASE, /would expand "~"/],
    ['a backslash', `${BASE} --x a\\;b`, BASE, /would expand "\\\\;"/],
    ['an open single quote', `${BASE} --x 'a`, BASE, /single quote is not closed/],
    ['an open double quote', `${BASE} --x "a`, BASE, /double quote is not closed/],
    ['a backslash at the end', `${BASE} --x a\\`, BASE, /ends with a backslash/],
    ['a job in the background', `${BASE} &`, BASE, /shell operators/],
    ['an error redirection', `${BASE} 2>/dev/null`, BASE, /shell operators/],
    ['a here document', `${BASE} <<x`, BASE, /shell operators/],
    ['a NUL', `${BASE} --x a\0b`, BASE, /U\+0000/],
    ['a carriage return', `${BASE} --x a\r`, BASE, /U\+000D/],
    ['a blank that is none', `${BASE} --x\u00a01`, BASE, /U\+00A0/],
    ['a character that turns the text', `${BASE} --x \u202ea`, BASE, /U\+202E/],
    ['a dash that is none', `${BASE} \u2013\u2013workers 8`, BASE, /a dash that is not "-"/],
    ['a minus that is no dash', `${BASE} --x \u22125`, BASE, /a dash that is not "-"/],
    ['a very long command', `${BASE} --x ${'a'.repeat(9000)}`, BASE, /at most 8192/],
    ['quoted text for a second shell', "ssh h python t.py --n 'a;b'", 'ssh h python t.py --n 1', /to another shell/],
  ])('%s', (_, command, base, expected) => {
    const problem = launchCommandProblem(command, base);
    if (expected === null) expect(problem).toBeNull();
    else expect(problem).toMatch(expected);
  });
});

describe('flagsOf', () => {
  it('keeps several values of one flag together', () => {
    expect(flagsOf('x --sizes 1 2 3 --y').get('--sizes')).toBe('1 2 3');
  });

  it('ends a value with its command', () => {
    const flags = flagsOf('cd src && python t.py --num_threads 32 2>&1 | tee out.log');
    expect(flags.get('--num-threads')).toBe('32');
  });
});

describe('differingFlags', () => {
  it.each<[string, string, string[]]>([
    ['python t.py loader.batch_size=64', 'python t.py loader.batch_size=32', ['flag:loader.batch_size=64']],
    ['python t.py ++a.b=2 +c=1', 'python t.py a.b=2', ['flag:c=1']],
    ['python t.py', 'python t.py a.b=2', ['removed flag:a.b']],
    ['python t.py ~a.b', 'python t.py', ['flag:~a.b']],
    ['python t.py --opts A.B 3 C.D 4', 'python t.py --opts A.B 2 C.D 4', ['flag:A.B=3']],
    ['python t.py --config c.yaml a.b=3', 'python t.py --config c.yaml a.b=2', ['flag:a.b=3']],
    ['A=1 python t.py --x 2', 'A=2 python t.py --x 1', ['--x=2']],
  ])('of %s against %s', (command, base, expected) => expect(differingFlags(command, base)).toEqual(expected));
});

describe('threadBudgetProblem', () => {
  const facts = { baseCommand: 'x', gpuCount: null, sixteenBeatFewer: false };
  const own = (baseCommand: string) => ({ ...facts, baseCommand });
  it.each([
    ['no flag', 'x --workers 99', facts, null],
    ['at the limit', 'x --num_threads 16', facts, null],
    ['above it in front of a pipe', 'x --num_threads 17 2>&1 | tee out.log', facts, /budget of 16/],
    ['above it', 'x --num_threads=17', facts, /budget of 16/],
    ['one GPU', 'x --num_threads 32', { ...facts, gpuCount: 1 }, null],
    ['sixteen has won', 'x --num-threads 32', { ...facts, sixteenBeatFewer: true }, null],
    ['above the extended one', 'x --num_threads 33', { ...facts, gpuCount: 1 }, /budget of 32/],
    ['below the fetchers', 'x --num_threads 4 --num_fetch_threads 8', facts, /--num_fetch_threads 8/],
    ['below the decoders', 'x --num_threads 4 --num_decode_threads 5', facts, /--num_decode_threads 5/],
    ['as many as its user has', 'x --num-threads 24 --lr 2', own('x --num-threads 24'), null],
    ['fewer than its user has', 'x --num-threads 20', own('x --num-threads 24'), null],
    ['more than its user has', 'x --num-threads 25', own('x --num-threads 24'), /^--num-threads 25 is above/],
    [
      'below, as its user has it',
      'x --num_threads 2 --num_fetch_threads 8',
      own('x --num_threads 2 --num_fetch_threads=8'),
      null,
    ],
    [
      'further below',
      'x --num_threads 1 --num_fetch_threads 8',
      own('x --num_threads 2 --num_fetch_threads 8'),
      /below/,
    ],
  ])('%s', (_, command, given, expected) => {
    const problem = threadBudgetProblem(command, given);
    if (expected === null) expect(problem).toBeNull();
    else expect(problem).toMatch(expected);
  });
});
