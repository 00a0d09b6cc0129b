/**
 * Calls one exported function of a TypeScript source in a process of its own, for what only several real processes can
 * show: `node temporal-child.mjs <module.ts> <function> <JSON arguments>`. Prints the result as JSON, and stays alive
 * until its stdin closes when the fourth argument is `stay`.
 */
import { createViteServer } from 'vitest/node';

const [module, name, json, stay] = process.argv.slice(2);
const server = await createViteServer({
  configFile: false,
  appType: 'custom',
  logLevel: 'error',
  // What Node 20 cannot read (`using`) is written out.
  oxc: { target: 'node20' },
  optimizeDeps: { noDiscovery: true },
  server: { middlewareMode: true, watch: null, hmr: false, ws: false },
});
const loaded = await server.ssrLoadModule(module);
const result = await loaded[name](...JSON.parse(json));
console.log(JSON.stringify(result ?? null));
if (stay === 'stay') await new Promise((resolve) => process.stdin.once('close', resolve).resume());
process.exit(0);
