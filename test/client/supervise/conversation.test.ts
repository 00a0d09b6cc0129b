import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { expect, it, onTestFinished } from 'vitest';
import { Refusal } from '../../../client/output/refusal.js';
import { confirmed, openConversation } from '../../../client/supervise/conversation.js';
import { Left, Questions, refusalSentence } from '../../../client/supervise/start/questions.js';

function pipes(isTTY = false) {
  const input = Object.assign(new PassThrough(), { isTTY });
  const output = Object.assign(new PassThrough(), { isTTY, columns: 60 });
  let written = '';
  output.on('data', (chunk: Buffer) => (written += chunk.toString()));
  const conversation = openConversation({ input, output });
  return { input, conversation, written: () => written };
}

it('takes lines that were typed before anybody asked, and ends with its input', async () => {
  const { input, conversation, written } = pipes();
  input.write('one\ntwo\n');
  expect(await conversation.ask('a? ')).toBe('one');
  expect(await conversation.ask('b? ')).toBe('two');
  const last = conversation.ask('c? ');
  input.end();
  expect(await last).toBeNull();
  expect(await conversation.ask('d? ')).toBeNull();
  expect(conversation.left.aborted).toBe(true);
  expect(written()).toContain('c? ');
});

it('tells of what happens above what a person is typing, which stays', async () => {
  const { input, conversation, written } = pipes(true);
  const asked = conversation.ask('> ');
  input.write('how is');
  await new Promise((resolve) => setImmediate(resolve));
  const before = written().length;
  conversation.say('004_x: completed');
  const shown = written().slice(before);
  expect(shown.startsWith('\r\x1b[2K004_x: completed\n')).toBe(true);
  expect(shown).toContain('> how is');
  input.write(' it going\r');
  expect(await asked).toBe('how is it going');
  conversation.close();
});

it('holds such lines back while an answer is given', async () => {
  const { conversation, written } = pipes();
  await conversation.answering(async () => {
    conversation.stream('it goes ');
    conversation.say('004_x: completed');
    conversation.stream('well');
  });
  expect(written()).toBe('it goes well\n004_x: completed\n');
  conversation.close();
});

it('lets no text steer the terminal', () => {
  const { conversation, written } = pipes();
  conversation.say('\x1b[2Jgone');
  conversation.stream('\x1b]0;title\x07x');
  expect(written()).toBe('gone\nx');
  conversation.close();
});

it.each<[string, boolean, boolean]>([
  ['\n', true, true],
  ['\n', false, false],
  ['maybe\ny\n', false, true],
  ['leave it\nno\n', true, false],
  ['no\n', true, false],
  ['', true, false],
])('takes %j where Enter means %s for %s', async (typed, otherwise, expected) => {
  const { input, conversation } = pipes();
  input.end(typed);
  expect(await confirmed(conversation, 'do it?', otherwise)).toBe(expected);
});

it.each(['quit', 'exit', 'q'])(
  'leaves where a person answers %s to a question of yes or no, whatever is typed after',
  async (word) => {
    const { input, conversation } = pipes();
    input.write(`${word}\ny\nstop\n`);
    expect(await conversation.ask('first? ')).toBe(word);
    input.write(`${word}\ny\nstop\n`);
    expect(await confirmed(conversation, 'do it?')).toBe(true);
    expect(await conversation.ask('> ')).toBe('stop');
    expect(conversation.left.aborted).toBe(false);
    expect(await confirmed(conversation, 'do it?')).toBe(false);
    expect(conversation.left.aborted).toBe(true);
    expect(await conversation.ask('> ')).toBeNull();
  },
);

it.each(['quit', 'exit'])('takes %s for no answer to a question of the beginning', async (word) => {
  const { input, conversation } = pipes();
  input.write(`${word}\n`);
  await expect(new Questions(conversation, process.cwd()).workdir()).rejects.toThrow(Left);
});

it('checks a workdir when it is answered, and asks again', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'autoresearch-questions-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await mkdir(join(folder, 'code'));
  await writeFile(join(folder, 'code', 'train.py'), 'import spdl.pipeline\n');
  await writeFile(join(folder, 'notes.txt'), '');
  const { input, conversation, written } = pipes();
  for (const line of ['../notes.txt', '../notes.txt/run', '.', '../run']) input.write(`${line}\n`);
  expect(await new Questions(conversation, join(folder, 'code')).workdir()).toBe(join(folder, 'run'));
  expect(written().match(/a directory, not a file/g)).toHaveLength(2);
  expect(written().match(/a directory of its own/g)).toHaveLength(1);
});

it('tells an answer that does not fit in a sentence, not as the error of a flag', () => {
  const problem = 'there is no command claude on PATH; install it, or give --agent playbook, which needs no agent';
  expect(refusalSentence(new Refusal('--agent', 'claude', problem))).toBe(
    `The agent that would make the changes, claude, cannot be asked here: ${problem}.`,
  );
  for (const field of ['--agent', '--base-launch-command', '--pipeline-script', '--source-dir'])
    expect(refusalSentence(new Refusal(field, 'x', 'y'))).toMatch(/^[A-Z][a-z ,]+.* y\.$/);
  expect(refusalSentence(new Refusal('--slots', 'x', 'y'))).toBe('--slots: "x": y');
});
