/** Jobs that another engine had launched before ours took its run over are found by their node's name, too. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { isNodeId } from '../../domain/run/naming.js';
import { namesIn } from '../../host/names-in.js';
import { readChecked } from '../../workdir/checked-file.js';
import type { RunContext } from '../../workdir/run-context.js';
import { jobNamePrefix, type LaunchRequest, type Platform } from './platform.js';

const AdoptedJobSchema = z.object({ jobId: z.string().min(1), launchedAtMs: z.number() });

export class WithAdoptedJobs implements Platform {
  constructor(
    private readonly platform: Platform,
    private readonly context: Pick<RunContext, 'workdir' | 'config'>,
  ) {}

  get name() {
    return this.platform.name;
  }

  get usesBundle() {
    return this.platform.usesBundle ?? false;
  }

  async find(jobName: string) {
    return (await this.adopted(jobName)) ?? (await this.platform.find(jobName));
  }

  makeReady(jobName: string) {
    this.platform.makeReady?.(jobName);
  }

  dropReady(jobName: string) {
    this.platform.dropReady?.(jobName);
  }

  launch(request: LaunchRequest) {
    return this.platform.launch(request);
  }

  status(jobId: string) {
    return this.platform.status(jobId);
  }

  waitForChange(jobId: string, maxMs: number, signal: AbortSignal) {
    return this.platform.waitForChange(jobId, maxMs, signal);
  }

  logs(jobId: string, maxBytes: number) {
    return this.platform.logs(jobId, maxBytes);
  }

  async isSheltered(jobId: string) {
    return (await this.platform.isSheltered?.(jobId)) ?? false;
  }

  async keptApart(jobId: string) {
    return (await this.platform.keptApart?.(jobId)) ?? { wrote: [], count: 0, covered: [], bare: [] };
  }

  /** The next job of the node is one of ours. */
  async setAside(jobId: string, folder: string) {
    const records = this.context.workdir.adopted('jobs');
    for (const name of await namesIn(records)) {
      const record = join(records, name);
      if ((await readChecked(record, AdoptedJobSchema))?.jobId === jobId) await rm(record, { force: true });
    }
    await this.platform.setAside?.(jobId, folder);
  }

  cancel(jobId: string) {
    return this.platform.cancel(jobId);
  }

  private async adopted(jobName: string) {
    const { workdir, config } = this.context;
    const prefix = jobNamePrefix(config.run_id);
    const nodeId = jobName.startsWith(prefix) ? jobName.slice(prefix.length) : '';
    if (!isNodeId(nodeId)) return null;
    return await readChecked(workdir.adopted('jobs', `${nodeId}.json`), AdoptedJobSchema);
  }
}
