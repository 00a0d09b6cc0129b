/**
 * What a person is told when the workdir's own Temporal server is of another version than the one that made its
 * database.
 */
import type { Workdir } from '../../workdir/paths.js';
import { serverRecord } from '../../worker/server/embedded-server.js';

/** To be asked before the server is started; what it returns, afterwards: a line, or none. */
export async function serverVersionNotices(workdir: Workdir): Promise<() => Promise<string[]>> {
  const before = (await serverRecord(workdir))?.cli_version;
  return async () => {
    const now = (await serverRecord(workdir))?.cli_version;
    if (before === undefined || now === undefined || before === now) return [];
    const advice = 'set TEMPORAL_CLI to that one to keep to it';
    return [
      `the Temporal server changes its version from ${before} to ${now}: the command that made the database is not to be had (${advice})`,
    ];
  };
}
