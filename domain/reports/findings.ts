/** findings.md: what each completed experiment taught, in the order in which they ended. */

import { typicalObjective } from '../belief/repeats.js';
import { document, inline } from './markdown.js';
import { objectiveText } from './quantity-text.js';
import type { RunRecord } from './run-record.js';

/** The section of one experiment, or null when it found nothing. Texts stay whole. */
export function findingsSection(record: RunRecord, nodeId: string): string | null {
  const findings = record.findings.get(nodeId) ?? [];
  if (findings.length === 0) return null;
  const result = objectiveText(typicalObjective(record.state, nodeId));
  return [`## ${nodeId} (${result})`, '', ...findings.map((text) => `- ${inline(text, 2000)}`), ''].join('\n');
}

export function findingsReport(sections: readonly string[]): string {
  return document(['# Findings', '', ...(sections.length > 0 ? sections : ['None yet.'])]);
}
