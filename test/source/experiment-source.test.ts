/** Trees to look at, with more than one who looks. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { withSource } from '../../source/experiment-source.js';
import { configOf, open, repository, temporaryFolder } from '../activities/source-fixture.js';
import { removeFolder } from '../support/remove-folder.js';

it('keeps a tree open until the last of those who look at it has ended, and opens it anew after that', async () => {
  const root = temporaryFolder();
  onTestFinished(() => removeFolder(root));
  const source = repository(join(root, 'source'));
  const config = configOf(source);
  const sourceControl = await open(join(root, 'workdir'), source);
  const commit = await sourceControl.anchor();
  const look = (work: (dir: string) => Promise<void>) =>
    withSource({ config, sourceControl }, 'apply_001', commit, ({ dir }) => work(dir));

  /** A look that goes on until it is ended. */
  const longLook = async () => {
    let end = () => {};
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    let over = Promise.resolve();
    const dir = await new Promise<string>((resolve) => {
      over = look((opened) => {
        resolve(opened);
        return ended;
      });
    });
    const leave = () => {
      end();
      return over;
    };
    return { dir, end: leave };
  };

  const first = await longLook();
  const second = await longLook();
  const { dir } = first;
  expect(second.dir).toBe(dir);
  await first.end();
  expect(existsSync(join(dir, 'train.py'))).toBe(true);
  // One who comes while the last one leaves finds it whole.
  const leaving = second.end();
  await look(async (again) => expect(existsSync(join(again, 'train.py'))).toBe(true));
  await leaving;
  expect(existsSync(dir)).toBe(false);
  await expect(look(() => Promise.reject(new Error('no use')))).rejects.toThrow('no use');
  expect(existsSync(dir)).toBe(false);
});
