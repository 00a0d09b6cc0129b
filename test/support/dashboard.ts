/** A dashboard of workdirs for a test, in this process. */
import { onTestFinished } from 'vitest';
import { RunFeed } from '../../client/dashboard/run-feed.js';
import { type Dashboard, startDashboard } from '../../client/dashboard/server.js';

export async function dashboardOf(...paths: string[]): Promise<Dashboard> {
  const end = new AbortController();
  const feeds = await Promise.all(paths.map((path, index) => RunFeed.open(path, index)));
  const dashboard = await startDashboard(feeds, 0);
  const following = feeds.map((feed) => feed.follow(end.signal, () => undefined));
  onTestFinished(async () => {
    end.abort();
    await Promise.all(following);
    await dashboard[Symbol.asyncDispose]();
  });
  return dashboard;
}
