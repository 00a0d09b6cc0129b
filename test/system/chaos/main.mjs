/** Runs the chaos campaign from its TypeScript sources: `node test/system/chaos/main.mjs --kills N --seed S`. */
import { createViteServer } from 'vitest/node';

const server = await createViteServer({
  configFile: false,
  appType: 'custom',
  logLevel: 'error',
  // What Node 20 cannot read (`await using`) is written out.
  oxc: { target: 'node20' },
  optimizeDeps: { noDiscovery: true },
  server: { middlewareMode: true, watch: null, hmr: false, ws: false },
});
const { chaos } = await server.ssrLoadModule('/test/system/chaos/command.ts');
process.exit(await chaos(process.argv.slice(2)));
