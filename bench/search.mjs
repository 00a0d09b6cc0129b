/** Prints how many experiments the playbook's search needs on simulated pipelines: `node bench/search.mjs`. */
import { createViteServer } from 'vitest/node';

const server = await createViteServer({
  configFile: false,
  server: { middlewareMode: true, ws: false },
  logLevel: 'error',
});
const { efficiencyReport } = await server.ssrLoadModule('/bench/search/search-efficiency.ts');
console.log(efficiencyReport());
await server.close();
