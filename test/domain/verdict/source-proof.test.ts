import { describe, expect, it } from 'vitest';
import { wrongSource } from '../../../domain/verdict/source-proof.js';

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
