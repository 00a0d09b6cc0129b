/**
 * Prints the experiments that the playbook's search, Optuna's TPE and random search need on the same simulated
 * pipelines, in about two minutes: `node bench/search-comparison.mjs`. Exit code 1: the playbook misses its goal.
 * Installs Optuna into .tools the first time.
 */
import { SetupFailure } from '../scripts/setup/process.mjs';
import { withTypeScript } from '../scripts/typescript.mjs';
import { optunaPython } from './search/optuna-environment.mjs';

try {
  const python = await optunaPython();
  const { table, missed } = await withTypeScript('/bench/search/compare-searchers.ts', ({ compareSearchers }) =>
    compareSearchers(python),
  );
  console.log(table);
  for (const each of missed) console.log(`Goal missed: ${each}.`);
  process.exitCode = missed.length > 0 ? 1 : 0;
} catch (error) {
  if (!(error instanceof SetupFailure)) throw error;
  console.error(error.message);
  process.exitCode = error.exitCode;
}
