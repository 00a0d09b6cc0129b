/** findings.md: what each completed experiment taught, in the order in which they ended. */

import { heldFindings } from './held-claims.js';
import { document, inline } from './markdown.js';
import { objectiveText } from './quantity-text.js';
import type { RunRecord } from './run-record.js';
import { standingsOf } from './standing.js';

/** Whole each time: what an experiment is worth changes with repeats of others. Texts stay whole. */
export function findingsReport(record: RunRecord): string {
  const standing = standingsOf(record.state);
  const sections = record.ended.flatMap(({ nodeId }) => {
    const findings = heldFindings(record, nodeId);
    if (findings.length === 0) return [];
    const result = objectiveText(standing(nodeId).objective);
    return [`## ${nodeId} (${result})`, '', ...findings.map((text) => `- ${inline(text, 2000)}`), ''];
  });
  return document(['# Findings', '', ...(sections.length > 0 ? sections : ['None yet.'])]);
}
