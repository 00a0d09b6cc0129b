// The data of the examples, made before the first job so that every job of a run finds the same state.
import { existsSync } from 'node:fs';
import { inProject, inTools, run, say } from './process.mjs';

const EXAMPLES = ['images', 'audio'];
const makerOf = (example) => inProject('examples', example, 'make_data.py');

const missing = () =>
  EXAMPLES.filter((example) => existsSync(makerOf(example)) && !existsSync(inProject('examples', example, 'data')));

export const exampleData = {
  isDone: () => missing().length === 0,

  async run() {
    for (const example of missing()) {
      say(`making the data of examples/${example}`);
      await run(inTools('venv', 'bin', 'python'), [makerOf(example)], {
        failure: `the data of examples/${example} could not be made`,
      });
    }
  },
};
