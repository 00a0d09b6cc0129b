import { describe, expect, it } from 'vitest';
import { parseAnalysis, parsePlan, parseRewrite } from '../../agents/parse-reply.js';
import { fencedBlocks, jsonInReply } from '../../agents/reply-text.js';

describe('jsonInReply', () => {
  it.each([
    ['the last json block', 'a\n```json\n{"a":1}\n```\nb\n```json\n{"a":2}\n```\n', { a: 2 }],
    ['the last one that parses', '```json\n{"a":1}\n```\n```json\n{"a":\n```\n', { a: 1 }],
    ['a bare object', 'text {"a": {"b": "}"}} more', { a: { b: '}' } }],
    ['the last bare object', '{"a":1}\n{"a":2}', { a: 2 }],
    ['a whole array', '[1, 2]', [1, 2]],
    ['braces in prose before it', 'use {x} then {"a": 1}', { a: 1 }],
    ['nothing', 'no json here', undefined],
    ['a number alone', '5', undefined],
  ])('%s', (_, text, expected) => {
    expect(jsonInReply(text)).toEqual(expected);
  });

  it('keeps a fence inside a longer fence', () => {
    expect(fencedBlocks('````python\nx = """\n```\n"""\n````\n', 'python')).toEqual(['x = """\n```\n"""']);
  });
});

describe('parseRewrite', () => {
  const ok = (edits: unknown) => ({ ok: true, value: expect.objectContaining({ edits }) });
  it.each([
    ['a whole file', '```python\nx = 1\n```', ok([{ path: 't.py', content: 'x = 1\n' }])],
    ['the last file of several', '```python\na\n```\n```python\nb\n```', ok([{ path: 't.py', content: 'b\n' }])],
    [
      'edits',
      '```json\n{"edits": [{"path": "a.py", "old": "x", "new": "y"}]}\n```',
      ok([{ path: 'a.py', old: 'x', new: 'y' }]),
    ],
    ['one bare edit', '{"path": "a.py", "content": "z"}', ok([{ path: 'a.py', content: 'z' }])],
    ['an array of edits', '```json\n[{"path": "a.py", "content": "z"}]\n```', ok([{ path: 'a.py', content: 'z' }])],
    ['no edits at all', '{"edits": []}', ok([])],
    [
      'an edit without a path',
      '{"edits": [{"old": "x", "new": "y"}]}',
      { ok: false, reason: expect.stringContaining('edits.0') },
    ],
    ['prose', 'I would rather not', { ok: false, reason: expect.stringContaining('python') }],
  ])('%s', (_, text, expected) => {
    expect(parseRewrite(text, 't.py')).toEqual(expected);
  });
});

describe('parsePlan and parseAnalysis', () => {
  it('fills what a planner leaves out, and makes names fit for files', () => {
    const plan = parsePlan('{"experiments": [{"name": "Decode: 8 Workers!", "changes": null}]}');
    expect(plan).toMatchObject({
      ok: true,
      value: { action: 'launch', experiments: [{ name: 'decode_8_workers', changes: [], goto: null }] },
    });
  });

  it.each([
    ['{"action": "fly"}', 'action'],
    ['{"experiments": [{"name": "!!"}]}', 'experiments.0.name'],
    ['no', 'JSON'],
  ])('refuses %s with the field', (text, field) => {
    expect(parsePlan(text)).toMatchObject({ ok: false, reason: expect.stringContaining(field) });
  });

  it('takes null for what is unknown, and refuses text for a number', () => {
    expect(parseAnalysis('{"metrics": {"ttfb_s": null}}')).toMatchObject({
      ok: true,
      value: { metrics: { ttfb_s: null, step_time_ms: null } },
    });
    expect(parseAnalysis('{"metrics": {"ttfb_s": "fast"}}')).toMatchObject({
      ok: false,
      reason: expect.stringContaining('ttfb_s'),
    });
  });
});
