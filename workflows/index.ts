/** What the worker registers. */
export { engineWorkflow } from './engine.js';
export { experimentWorkflow } from './experiment.js';
