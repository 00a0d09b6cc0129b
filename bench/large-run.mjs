/**
 * What a large run costs: history events and bytes, time of an export, memory. Real server, workflows and workdir; jobs and
 * agents only pretend.
 *
 *   node bench/large-run.mjs [experiments ...]      10 100 1000 unless told, about three minutes
 *   node bench/large-run.mjs --no-export 10000      the engine workflow alone, without a workdir
 */
import { createViteServer } from 'vitest/node';

const server = await createViteServer({
  configFile: false,
  server: { middlewareMode: true, ws: false },
  logLevel: 'error',
});
const { measureLargeRuns } = await server.ssrLoadModule('/bench/large-run/large-run.ts');
try {
  process.exitCode = await measureLargeRuns(process.argv.slice(2));
} finally {
  await server.close();
}
