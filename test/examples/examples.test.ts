/** The examples as a person runs them: they make their data, train, and say how fast they were. */
import { cp, mkdtemp, readdir, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { packageFile } from '../../host/package-files.js';
import { removeFolder } from '../support/remove-folder.js';

const python = packageFile('.tools', 'venv', 'bin', 'python');
const STEPS = 40;
const BATCH_SIZE = 16;

describe.each(['images', 'audio'])('examples/%s', (example) => {
  let folder = '';

  beforeAll(async () => {
    folder = await realpath(await mkdtemp(join(tmpdir(), `autoresearch-${example}-`)));
    const made = /\/(data|__pycache__)(\/|$)/;
    await cp(packageFile('examples', example), folder, { recursive: true, filter: (path) => !made.test(path) });
  });
  afterAll(() => removeFolder(folder));

  test('trains on data that it makes itself', async () => {
    const { stdout } = await execa(python, ['train.py', '--steps', String(STEPS)], { cwd: folder });
    const lines = stdout.split('\n');
    const final = /^trained (\d+) samples in ([\d.]+) s \(([\d.]+) samples\/s\)$/.exec(lines.at(-1) ?? '');
    expect(Number(final?.[1])).toBe(STEPS * BATCH_SIZE);
    // Both are rounded as printed.
    expect(Number(final?.[1]) / Number(final?.[2]) / Number(final?.[3])).toBeCloseTo(1, 1);

    const losses = lines.flatMap((line) => /^step \d+: loss ([\d.]+)$/.exec(line)?.[1] ?? []).map(Number);
    expect(losses).toHaveLength(STEPS / 10);
    expect(losses.at(-1)).toBeLessThan(0.75 * (losses[0] ?? 0));
  });

  test('trains in another order with another seed', async () => {
    const losses = async (seed: string) => {
      const { stdout } = await execa(python, ['train.py', '--steps', '20', '--seed', seed], { cwd: folder });
      return stdout.split('\n').filter((line) => line.startsWith('step '));
    };
    const [first, other] = [await losses('1'), await losses('2')];
    expect(first).toHaveLength(2);
    expect(other).not.toEqual(first);
  });

  test('leaves the engine’s lines to the engine', async () => {
    const { stdout } = await execa(python, ['train.py', '--steps', '10'], { cwd: folder });
    expect(stdout).not.toContain('[autoresearch]');
  });

  test('makes the same data again, and nothing when it is there', async () => {
    const first = await contents(folder);
    const again = await execa(python, ['make_data.py'], { cwd: folder });
    expect(await contents(folder)).toEqual(first);
    await rm(join(folder, 'data'), { recursive: true });
    expect((await execa(python, ['make_data.py'], { cwd: folder })).stdout).toBe(again.stdout);
    expect(await contents(folder)).toEqual(first);
  });

  test('survives two jobs that make the data at once', async () => {
    await rm(join(folder, 'data'), { recursive: true });
    await Promise.all([1, 2].map(() => execa(python, ['make_data.py'], { cwd: folder })));
    expect((await readdir(folder)).filter((name) => name.startsWith('data'))).toEqual(['data']);
  });
});

/** Name and checksum of each file of the data. */
async function contents(folder: string): Promise<string[]> {
  const names = (await readdir(join(folder, 'data'))).sort();
  const script = 'import sys, zlib\nfor p in sys.argv[1:]: print(p, zlib.crc32(open(p, "rb").read()))';
  const { stdout } = await execa(python, ['-c', script, ...names], { cwd: join(folder, 'data') });
  return stdout.split('\n');
}
