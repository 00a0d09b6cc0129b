/** What the worker registers. */
export { agentCallWorkflow } from './called-elsewhere.js';
export { engineWorkflow } from './engine.js';
export { experimentWorkflow } from './experiment.js';
