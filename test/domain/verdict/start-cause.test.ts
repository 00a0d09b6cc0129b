/** What the end of a failed start teaches: from real output to cause, subject, and two sentences. */
import { describe, expect, it } from 'vitest';
import { lessonDetails, lessonOf, lessonText, startLesson } from '../../../domain/verdict/start-cause.js';

const trace = (last: string) =>
  `step\nTraceback (most recent call last):\n  File "train.py", line 3, in <module>\n${last}\n`;

describe('the cause of a failed start', () => {
  it.each<[string, string, string, string]>([
    [
      'a local function',
      "AttributeError: Can't pickle local object 'main.<locals>.load'",
      'pickling',
      'main.<locals>.load',
    ],
    [
      'Python 3.12 and later',
      "AttributeError: Can't get local object 'main.<locals>.load'",
      'pickling',
      'main.<locals>.load',
    ],
    [
      'a lambda',
      "_pickle.PicklingError: Can't pickle <function <lambda> at 0x7f0a>: attribute lookup <lambda> on __main__ failed",
      'pickling',
      '<function <lambda> at 0x7f0a>',
    ],
    ['a lock', "TypeError: cannot pickle '_thread.lock' object", 'pickling', '_thread.lock'],
    ['a name', "NameError: name 'torch' is not defined", 'missing_name', 'torch'],
    ['an import', "ImportError: cannot import name 'Pool' from 'spdl.io'", 'missing_name', 'Pool'],
    ['a module', "ModuleNotFoundError: No module named 'decord'", 'missing_name', 'decord'],
    [
      'an attribute',
      "AttributeError: module 'spdl.io' has no attribute 'decoder_config'. Did you mean: 'decode_config'?",
      'missing_name',
      "module 'spdl.io' has no attribute 'decoder_config'",
    ],
    [
      'a keyword',
      "TypeError: build() got an unexpected keyword argument 'threads'",
      'missing_name',
      "build() got an unexpected keyword argument 'threads'",
    ],
    [
      'shapes',
      'ValueError: all input arrays must have the same shape',
      'shape',
      'all input arrays must have the same shape',
    ],
    [
      'CUDA',
      'RuntimeError: Cannot re-initialize CUDA in forked subprocess. To use CUDA with multiprocessing, you must use spawn',
      'cuda_in_subprocess',
      'Cannot re-initialize CUDA in forked subprocess',
    ],
    ['memory', 'OSError: [Errno 12] Cannot allocate memory', 'out_of_memory', 'Cannot allocate memory'],
    ['a port', 'OSError: [Errno 98] Address already in use', 'port_in_use', 'Address already in use'],
  ])('%s', (_, line, cause, subject) => {
    expect(startLesson(trace(line))).toEqual({ cause, subject, proof: line.slice(0, 200) });
    expect(startLesson(`[rank0]: ${line}\n`)).toMatchObject({ cause, subject });
  });

  it('is none where nothing says it', () => {
    expect(startLesson(trace('ValueError: the learning rate is negative'))).toBeNull();
    expect(startLesson('')).toBeNull();
  });

  it('is told in two sentences, from what a failure record keeps', () => {
    const details = lessonDetails(startLesson("TypeError: cannot pickle 'generator' object")!);
    const text = lessonText(lessonOf({ kind: 'job_startup_failed', details })!);
    expect(text).toBe(
      'What a subprocess gets must pickle, and generator does not. Use functions and callable classes of a module, with plain values as attributes, and make handles lazily.',
    );
    expect(lessonOf({ kind: 'job_failed', details: {} })).toBeNull();
  });
});
