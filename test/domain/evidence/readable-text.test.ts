import { expect, it } from 'vitest';
import { agentFailure } from '../../../agents/agent-failure.js';
import { readableText } from '../../../domain/evidence/readable-text.js';

const GARBAGE = Buffer.from(Array.from({ length: 400 }, (_, index) => (index * 89 + 130) % 256)).toString('utf8');

it('leaves text as it is, in every script, with its lines and tabs', () => {
  const text = 'Traceback:\n\tline 1 — größer, 日本語, 🙂\r\n';
  expect(readableText(text)).toBe(text);
});

it('drops colours, and says of what is no text only how long it is', () => {
  expect(readableText('\u001b[31mred\u001b[0m')).toBe('red');
  expect(readableText('one\u0007 bell')).toBe('one· bell');
  const shown = readableText(`my-agent exited with code 1: ${GARBAGE}; log in again`);
  expect(shown).toMatch(
    /^my-agent exited with code 1: (.{0,8}\[\d+ characters that are no text\])+.{0,8}; log in again$/s,
  );
  // biome-ignore lint/suspicious/noControlCharactersInRegex: none may be left.
  expect(shown).not.toMatch(/[\u0000-\u0008\u001b\u007f-\u009f\ufffd]/);
});

it('takes its time by the length of the text alone', () => {
  const startedAtMs = performance.now();
  readableText(`${'\u0000abcdefgh'.repeat(2)}x`.repeat(20_000));
  expect(performance.now() - startedAtMs).toBeLessThan(2000);
});

it('is how failures of agents are told', () => {
  expect(agentFailure(`agent failed: ${GARBAGE}`, { retryable: false }).message).toContain(
    'characters that are no text]',
  );
});
