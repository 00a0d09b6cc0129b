/** The experiment that an argument means, as the event log knows them. */
import type { EngineState } from '../../domain/run/engine-state.js';
import type { ExperimentRow } from '../../domain/run/experiment-record.js';
import { experimentNamed } from '../../domain/run/named-experiment.js';
import { Refusal } from '../output/refusal.js';
import { runAsLogged } from './run-state.js';

/** Refuses what means several; without any the text itself, of which the engine may know more. */
export async function nodeNamed(path: string, text: string): Promise<string> {
  const { state } = await runAsLogged(path);
  return chosenNode(Object.keys(state.experiments), text);
}

/** The experiment that is meant; the best one where none is named, and null while the run has none. */
export function rowNamed({ experiments, best }: EngineState, text: string | undefined): ExperimentRow | null {
  const nodeId = text === undefined || text === 'best' ? best : chosenNode(Object.keys(experiments), text);
  if (nodeId === null) return null;
  const row = Object.hasOwn(experiments, nodeId) ? experiments[nodeId] : undefined;
  if (!row)
    throw new Refusal('node', nodeId, 'no experiment of this run has that name (`autoresearch summary` lists them)');
  return row;
}

function chosenNode(nodeIds: readonly string[], text: string): string {
  const named = experimentNamed(nodeIds, text);
  if ('found' in named) return named.found;
  if ('among' in named) throw new Refusal('node', text, `one of ${named.among.join(', ')}, which it may mean`);
  if (named.near.length > 0) {
    throw new Refusal(
      'node',
      text,
      `no experiment of this run has that name; is it ${named.near.join(' or ')} that is meant?`,
    );
  }
  return text;
}
