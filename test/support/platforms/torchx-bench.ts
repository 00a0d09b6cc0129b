/** The real torchx with a scheduler that is registered with it as a company's own: what several tests of it ask. */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { shellWord } from '../../../domain/command/shell-word.js';
import { packageFile } from '../../../host/package-files.js';
import { ScheduledPlatform } from '../../../jobs/clusters/scheduled-platform.js';
import { TorchxScheduler } from '../../../jobs/clusters/torchx/torchx-scheduler.js';
import type { RunContext } from '../../../workdir/run-context.js';
import { removeFolder } from '../remove-folder.js';
import { torchxProgram } from '../torchx.js';

const SCHEDULER = packageFile('test', 'fixtures', 'platforms', 'torchx');
const times = { lookEveryMs: 100, recordLagMs: 2000, acceptedLagMs: 5000 };

/** A word of the shell. */
export const torchx = shellWord(torchxProgram ?? 'torchx');

export class TorchxSpool {
  private readonly pathBefore = process.env.PYTHONPATH;

  private constructor(readonly folder: string) {}

  /** This process's environment leads torchx to it. */
  static async open(): Promise<TorchxSpool> {
    const spool = new TorchxSpool(await mkdtemp(join(tmpdir(), 'autoresearch-torchx-')));
    process.env.AUTORESEARCH_TEST_SPOOL = spool.folder;
    process.env.PYTHONPATH = SCHEDULER;
    return spool;
  }

  async close(): Promise<void> {
    delete process.env.AUTORESEARCH_TEST_SPOOL;
    if (this.pathBefore === undefined) delete process.env.PYTHONPATH;
    else process.env.PYTHONPATH = this.pathBefore;
    await removeFolder(this.folder);
  }

  /** What jobs need in front of a command that calls torchx. */
  get variables(): string {
    const path = `PYTHONPATH="$PYTHONPATH:"${shellWord(SCHEDULER)}`;
    return `AUTORESEARCH_TEST_SPOOL=${shellWord(this.folder)} ${path}`;
  }

  command(text: string, scheduler = 'spooled', more = ''): string {
    return `${this.variables} ${torchx} run --workspace= -s ${scheduler} utils.sh ${more} sh -c ${shellWord(text)}`;
  }

  async jobs(): Promise<string[]> {
    return await readdir(this.folder);
  }

  /** Its scheduler ends the one app that runs, and says why. */
  async end(said: string): Promise<void> {
    const [app] = await this.jobs();
    await writeFile(join(this.folder, app!, 'said'), said);
    process.kill(-Number(await readFile(join(this.folder, app!, 'sh~0', 'pid'), 'utf8')), 'SIGTERM');
  }

  /** While it is down nobody answers. */
  async setDown(isDown: boolean): Promise<void> {
    if (isDown) await writeFile(join(this.folder, 'down'), '');
    else await rm(join(this.folder, 'down'));
  }
}

export function torchxScheduler({ workdir, config }: RunContext, native = {}): TorchxScheduler {
  return new TorchxScheduler({ workdir, config: { ...config, base_launch_command: `${torchx} run` } }, native);
}

export async function torchxPlatform(context: RunContext, native = {}): Promise<ScheduledPlatform> {
  return new ScheduledPlatform(torchxScheduler(context, native), context, times);
}
