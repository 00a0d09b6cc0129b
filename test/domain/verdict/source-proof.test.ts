import { describe, expect, it } from 'vitest';
import { otherContent, sourceFoldersOf, staleSource, wrongSource } from '../../../domain/verdict/source-proof.js';

const file = (path: string) => ({ path, sha256: '0', module: 'm' });

describe('wrongSource', () => {
  it.each([
    { name: 'nothing recorded', paths: [], wrong: false },
    { name: 'all from the tree', paths: ['/w/trees/n/a.py', '/w/trees/n/p/b.py'], wrong: false },
    { name: 'one from the original', paths: ['/w/trees/n/a.py', '/home/src/p/b.py'], wrong: true },
    { name: 'a neighbour of the original', paths: ['/home/src2/p/b.py'], wrong: false },
  ])('$name', ({ paths, wrong }) => {
    const advice = wrongSource(paths.map(file), '/w/trees/n', '/home/src');
    expect(advice === null).toBe(!wrong);
    if (wrong) expect(advice).toContain('/home/src/p/b.py');
  });

  it('a tree that lies within the original is the tree', () => {
    expect(wrongSource([file('/home/src/work/trees/n/a.py')], '/home/src/work/trees/n', '/home/src')).toBeNull();
  });

  it('is not wrong where the trees share it with the original: a linked or copied library, as every experiment has it', () => {
    const shared = ['/home/src/third_party/lib', '/home/src/pkg/_version.py'];
    const strays = ['/home/src/third_party/lib/a.py', '/home/src/pkg/_version.py'].map(file);
    expect(wrongSource(strays, '/w/trees/n', '/home/src', shared)).toBeNull();
    const one = wrongSource([...strays, file('/home/src/third_party/library/b.py')], '/w/trees/n', '/home/src', shared);
    expect(one).toContain('third_party/library/b.py');
  });

  it.each([
    ['/home/src/src/vision/__init__.py', 'vision', 'PYTHONPATH=$SOURCE_DIR/src.'],
    ['/home/src/libs/a/vision/io/decode.py', 'vision.io.decode', 'PYTHONPATH=$SOURCE_DIR/libs/a.'],
    ['/home/src/vision.cpython-311-x86_64-linux-gnu.so', 'vision', 'PYTHONPATH=$SOURCE_DIR.'],
    ['/home/src/train.py', '__main__', 'PYTHONPATH=$SOURCE_DIR.'],
  ])('says how the module of %s is imported from the tree', (path, module, says) => {
    expect(wrongSource([{ path, sha256: '0', module }], '/w/trees/n', '/home/src')).toContain(says);
  });

  it('counts the others', () => {
    expect(wrongSource([file('/o/a.py'), file('/o/b.py')], '/t', '/o')).toContain('and 1 more');
  });
});

describe('the source of a job that does not see its tree', () => {
  const ran = (path: string, sha256: string) => ({ path, sha256, module: 'm' });

  it('is where its script was run from', () => {
    const imports = [ran('/src/ml/train.py', 'a'), ran('/src/ml/lib/loader.py', 'b'), ran('/opt/train.pyc', 'c')];
    const folders = sourceFoldersOf(imports, 'ml/train.py');
    expect(folders).toEqual(['/src']);
    const tree = new Map([
      ['ml/train.py', 'a'],
      ['ml/lib/loader.py', 'new'],
    ]);
    expect(otherContent(imports, folders, (file) => tree.get(file) ?? null)).toEqual([
      { file: 'ml/lib/loader.py', path: '/src/ml/lib/loader.py', tree: 'new', ran: 'b' },
    ]);
  });

  const file = (tree: string, content: string) => ({ file: 'train.py', path: '/src/train.py', tree, ran: content });
  it.each([
    ['what is no file of the baseline and no file of its tree', [file('new', 'old')], [], true],
    ['what the baseline ran, of a file that it changes', [file('new', 'image')], [file('base', 'image')], true],
    [
      'what the baseline ran, of a file as the baseline has it',
      [file('base', 'image')],
      [file('base', 'image')],
      false,
    ],
    ['what the build makes of a file that it changes', [file('new', 'built 2')], [file('base', 'built 1')], false],
    ['its tree', [], [], false],
  ])('is %s', (_, found, baseline, isStale) => {
    const advice = staleSource(found, baseline);
    if (isStale) expect(advice).toMatch(/ran \/src\/train\.py, whose content is not that of train\.py .* image/);
    else expect(advice).toBeNull();
  });
});
