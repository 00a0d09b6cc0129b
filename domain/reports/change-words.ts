/** What an experiment changes, in a few words: for tables, outcomes and pull requests alike. */
import type { Spec } from '../formats/spec.js';

/** By its row in the event log where its spec is not at hand, or says nothing. */
export function changeWords(spec: Spec | undefined, row: { changeSet: readonly string[]; name: string }): string {
  return spec?.change_summary || spec?.description || row.changeSet.join(', ') || row.name;
}
