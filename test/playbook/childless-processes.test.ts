/** Where processes may have no children, no pipeline is moved to one of its own. */
import { beforeAll, describe, expect, it } from 'vitest';
import { type ManySurveys, manySurveys } from './many-surveys.js';

const LOADER = `import multiprocessing as mp
from functools import partial
from multiprocessing import Pool, Process
from multiprocessing.pool import ThreadPool
from spdl.pipeline import PipelineBuilder

def read(x):
    return x

def load(n):
    for item in PipelineBuilder().add_source(range(n)).pipe(read).add_sink(2).build(num_threads=2):
        print(item)

def entry(n):
    load(n)
`;

const cases: [name: string, main: string, refused: RegExp | null][] = [
  ['pool', 'with Pool(2) as pool:\n    pool.map(entry, [1, 2])', /a worker of multiprocessing\.Pool/],
  ['context', 'with mp.get_context("spawn").Pool(2) as pool:\n    pool.imap_unordered(partial(entry), [1])', /Pool/],
  ['daemon', 'p = Process(target=entry, args=(3,), daemon=True)\np.start()', /a daemonic process/],
  ['daemon later', 'p = mp.Process(target=entry, args=(3,))\np.daemon = True\np.start()', /a daemonic process/],
  ['process', 'p = Process(target=entry, args=(3,))\np.start()', null],
  ['threads', 'ThreadPool(2).map(entry, [1, 2])', null],
  ['plain', 'entry(3)', null],
];

let surveys: ManySurveys;
beforeAll(async () => {
  surveys = await manySurveys(
    cases.map(([name, main]) => {
      const guarded = `if __name__ == "__main__":\n    ${main.replaceAll('\n', '\n    ')}\n`;
      return { name, files: { 'train.py': `${LOADER}\n${guarded}` }, script: 'train.py', command: 'python train.py' };
    }),
  );
});

describe('a pipeline that is built in a process', () => {
  it.each(cases)('is moved to a subprocess only where that may be: %s', (name, _main, refused) => {
    const { possible, reason } = surveys.of(name).pipelines[0]!.mtp;
    expect(possible).toBe(refused === null);
    if (refused) expect(reason).toMatch(refused);
  });
});
