/**
 * Prints the experiments that the playbook's search, Optuna's TPE and random search need on the same simulated pipelines, in about
 * two minutes: `node bench/search-comparison.mjs`. Exit code 1: the playbook misses its goal. Installs Optuna into .tools the first time.
 */
import { createViteServer } from 'vitest/node';
import { SetupFailure } from '../scripts/setup/process.mjs';
import { optunaPython } from './search/optuna-environment.mjs';

try {
  const python = await optunaPython();
  const server = await createViteServer({
    configFile: false,
    server: { middlewareMode: true, ws: false },
    logLevel: 'error',
  });
  const { compareSearchers } = await server.ssrLoadModule('/bench/search/compare-searchers.ts');
  const { table, missed } = await compareSearchers(python);
  console.log(table);
  for (const each of missed) console.log(`Goal missed: ${each}.`);
  process.exitCode = missed.length > 0 ? 1 : 0;
  await server.close();
} catch (error) {
  if (!(error instanceof SetupFailure)) throw error;
  console.error(error.message);
  process.exitCode = error.exitCode;
}
