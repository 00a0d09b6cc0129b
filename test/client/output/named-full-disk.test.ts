import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { namingFullDisk } from '../../../client/output/named-full-disk.js';
import { prepareRun } from '../../../client/run/prepare-run.js';
import { ServerEnded } from '../../../worker/server/server-ready.js';
import { removeFolder } from '../../support/remove-folder.js';
import { SmallDisk } from '../../support/small-disk.js';
import { project } from '../command-line.js';

const folder = await mkdtemp(join(tmpdir(), 'autoresearch-full-'));
afterAll(() => removeFolder(folder));
const why = await SmallDisk.problem();

const fails = (error: Error) => async () => {
  throw error;
};

describe('an error that a full disk explains', () => {
  it.each([
    Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' }),
    new Error("the engine's process ended (exit code 1): error: ENOSPC: no space left on device, write"),
    new ServerEnded('the Temporal server ended (exit code 1): Error: database or disk is full (13)'),
  ])('begins with that, and what to do: $message', async (error) => {
    const told = namingFullDisk(join(folder, 'not', 'yet'), fails(error));
    await expect(told).rejects.toThrow(/^the disk is full \(.*\): make room, then give the command again/);
    await expect(told).rejects.toThrow(error.message);
  });

  it('is no other', async () => {
    const error = new ServerEnded('the Temporal server ended (exit code 1): file is not a database');
    await expect(namingFullDisk(folder, fails(error))).rejects.toBe(error);
  });

  it.skipIf(why !== null)(`is what a start on a full disk ends with${why === null ? '' : ` (${why})`}`, async () => {
    const root = join(folder, 'small');
    await using disk = await SmallDisk.mount(root, 2);
    await disk.fill();
    const at = await project();
    const needed = { sourceDir: at.source, pipelineScript: at.script, baseLaunchCommand: 'python train.py' };
    const options = { ...needed, agent: 'playbook' };
    const workdir = join(root, 'run');
    const told = namingFullDisk(workdir, () => prepareRun(workdir, options));
    await expect(told).rejects.toThrow(/^the disk is full \(0\.0 MiB are free where .*ENOSPC/);
    const server = new ServerEnded('the Temporal server ended (exit code 1): unable to open database file (14)');
    await expect(namingFullDisk(workdir, fails(server))).rejects.toThrow(/^the disk is full/);
    expect(
      (
        await (async () => {
          await disk.makeRoom();
          return prepareRun(workdir, options);
        })()
      ).isNew,
    ).toBe(true);
  });
});
