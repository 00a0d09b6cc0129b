/** Runs the comparison with a Python that has Optuna. Run: `node bench/search-comparison.mjs`. */
import { comparisonTable, missedGoals, type Row, rowOf, tasks } from './comparison.js';
import { startOptuna } from './optuna-search.js';
import { optuna, playbook } from './searchers.js';

export async function compareSearchers(python: string): Promise<{ table: string; missed: string[] }> {
  const search = startOptuna(python);
  try {
    const searchers = {
      playbook: playbook(),
      rules: playbook({ withModel: false }),
      tpe: optuna(search, 'tpe'),
      random: optuna(search, 'random'),
    };
    const rows: Row[] = [];
    for (const task of tasks()) rows.push(await rowOf(task, searchers));
    return { table: comparisonTable(rows), missed: missedGoals(rows) };
  } finally {
    search.close();
  }
}
