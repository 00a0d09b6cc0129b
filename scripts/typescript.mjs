/** Calls what a TypeScript source of this checkout exports, without a build: for benches and the chaos harness. */
import { createViteServer } from 'vitest/node';

/** What `use` makes of the module at `path`, given from the root as in '/bench/x.ts'. */
export async function withTypeScript(path, use) {
  const server = await createViteServer({
    configFile: false,
    appType: 'custom',
    logLevel: 'error',
    // What Node 20 cannot read (`await using`) is written out.
    oxc: { target: 'node20' },
    optimizeDeps: { noDiscovery: true },
    server: { middlewareMode: true, watch: null, hmr: false, ws: false },
  });
  try {
    return await use(await server.ssrLoadModule(path));
  } finally {
    await server.close();
  }
}
