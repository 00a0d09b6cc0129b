/** Prints how often a lucky run is kept and a real gain is missed, with repeats and without: `node bench/believable.mjs`. */
import { createViteServer } from 'vitest/node';

const server = await createViteServer({
  configFile: false,
  server: { middlewareMode: true, ws: false },
  logLevel: 'error',
});
const { believableReport } = await server.ssrLoadModule('/bench/believable/believable-report.ts');
console.log(believableReport());
await server.close();
