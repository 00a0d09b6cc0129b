/** The experiment that an argument means, as the event log knows them. */
import { experimentNamed } from '../../domain/run/named-experiment.js';
import { openRunLog } from '../../workdir/event-log.js';
import { Refusal } from '../output/refusal.js';
import { existingRun } from './workdir-config.js';

/** Refuses what means several; without any the text itself, of which the engine may know more. */
export async function nodeNamed(path: string, text: string): Promise<string> {
  const { workdir } = await existingRun(path);
  return chosenNode(Object.keys((await openRunLog(workdir).state()).experiments), text);
}

export function chosenNode(nodeIds: readonly string[], text: string): string {
  const named = experimentNamed(nodeIds, text);
  if ('found' in named) return named.found;
  if ('among' in named) throw new Refusal('node', text, `one of ${named.among.join(', ')}, which it may mean`);
  if (named.near.length > 0) {
    throw new Refusal('node', text, `an experiment of this run; is ${named.near.join(' or ')} meant?`);
  }
  return text;
}
