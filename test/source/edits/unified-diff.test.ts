/** A person's patch as edits: what fits becomes the new text, and what does not is said in words. */
import { describe, expect, it } from 'vitest';
import { editsOfDiff } from '../../../source/edits/unified-diff.js';

const FILES: Record<string, string> = {
  'train.py': 'import os\n\nA = 1\nB = 1\n',
  'lib/steps.py': 'def f():\r\n    return 1\r\n',
};
const source = { read: async (path: string) => FILES[path] ?? null, files: new Set(Object.keys(FILES)), linked: [] };

const HUNK = '@@ -3,2 +3,2 @@\n-A = 1\n+A = 2\n B = 1\n';
const git = (path: string, rest: string) => `diff --git a/${path} b/${path}\n${rest}`;
const changed = 'import os\n\nA = 2\nB = 1\n';

describe('a patch that fits', () => {
  it.each<[string, string, object[]]>([
    ['of git', git('train.py', `--- a/train.py\n+++ b/train.py\n${HUNK}`), [{ path: 'train.py', content: changed }]],
    [
      'of diff -u',
      `--- ./train.py\t2026-01-01\n+++ ./train.py\t2026-01-02\n${HUNK}`,
      [{ path: 'train.py', content: changed }],
    ],
    [
      'whose lines have moved',
      `--- a/train.py\n+++ b/train.py\n${HUNK.replace('-3,2 +3,2', '-1,2 +1,2')}`,
      [{ path: 'train.py', content: changed }],
    ],
    [
      'with a new file',
      `# why\n--- /dev/null\n+++ b/lib/new.py\n@@ -0,0 +1,2 @@\n+X = 1\n+Y = 2\n`,
      [{ path: 'lib/new.py', content: 'X = 1\nY = 2\n' }],
    ],
    [
      'in a file with other line ends',
      git(
        'lib/steps.py',
        '--- a/lib/steps.py\n+++ b/lib/steps.py\n@@ -1,2 +1,2 @@\n def f():\n-    return 1\n+    return 2\n',
      ),
      [{ path: 'lib/steps.py', content: 'def f():\r\n    return 2\r\n' }],
    ],
  ])('%s', async (_, patch, edits) => {
    expect(await editsOfDiff(patch, source)).toEqual({ ok: true, edits });
  });
});

describe('a patch that is refused', () => {
  it.each<[string, string, RegExp]>([
    ['without a file', 'no patch at all', /names no file/],
    ['cut short', '--- a/train.py\n+++ b/train.py\n@@ -3,2 +3,2 @@\n-A = 1\n', /cannot be read/],
    [
      'for other lines',
      `--- a/train.py\n+++ b/train.py\n${HUNK.replace('A = 1', 'A = 7')}`,
      /train\.py: the patch does not fit/,
    ],
    [
      'of no such file',
      `--- a/src/train.py\n+++ b/src/train.py\n${HUNK}`,
      /src\/train\.py: there is no such file.*did you mean train\.py/,
    ],
    ['that makes what is there', '--- /dev/null\n+++ b/train.py\n@@ -0,0 +1 @@\n+X = 1\n', /there already/],
    ['that deletes', git('train.py', '--- a/train.py\n+++ /dev/null\n@@ -1 +0,0 @@\n-import os\n'), /may not delete/],
    [
      'that renames',
      'diff --git a/train.py b/main.py\nsimilarity index 100%\nrename from train.py\nrename to main.py\n',
      /may not rename/,
    ],
    ['of a mode', git('train.py', 'old mode 100644\nnew mode 100755\n'), /only the mode/],
    ['of a binary file', git('train.py', 'Binary files a/train.py and b/train.py differ\n'), /binary/],
  ])('%s', async (_, patch, reason) => {
    expect(await editsOfDiff(patch, source)).toEqual({ ok: false, reason: expect.stringMatching(reason) });
  });
});
