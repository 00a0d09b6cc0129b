/** findings.md: what each completed experiment taught, in the order in which they ended. */

import { heldFindings } from './held-claims.js';
import { document, inline } from './markdown.js';
import { objectiveText } from './quantity-text.js';
import type { RunRecord } from './run-record.js';
import { standingsOf } from './standing.js';

/** The section of one experiment, or null when it found nothing. Texts stay whole. */
export function findingsSection(record: RunRecord, nodeId: string): string | null {
  const findings = heldFindings(record, nodeId);
  if (findings.length === 0) return null;
  const result = objectiveText(standingsOf(record.state)(nodeId).objective);
  return [`## ${nodeId} (${result})`, '', ...findings.map((text) => `- ${inline(text, 2000)}`), ''].join('\n');
}

export function findingsReport(sections: readonly string[]): string {
  return document(['# Findings', '', ...(sections.length > 0 ? sections : ['None yet.'])]);
}
