/** `report`: makes report.md and final_report.md anew, of a run that no engine works on. */
import { spendingText, unpricedText } from '../../domain/reports/spending-text.js';
import type { Spent } from '../../domain/run/ledger.js';
import type { CommandDefinition } from '../command-definition.js';
import { listenForInterrupts } from '../interrupts.js';
import { EXIT } from '../output/exit-codes.js';
import { printed } from '../output/printed.js';
import type { ReportAnswer } from '../report/write-report.js';

export const REPORT: CommandDefinition = {
  name: 'report',
  args: '<workdir>',
  help: "make report.md, and final_report.md with the run's agent, of a run that no engine works on",
  async act([workdir = '']) {
    const { writeReport } = await import('../report/write-report.js');
    using interrupts = listenForInterrupts();
    try {
      const answer = await writeReport(workdir, interrupts.signal);
      return printed(answer, reportText, answer.by_rules === null ? EXIT.ok : EXIT.runFailed);
    } catch (error) {
      if (!interrupts.signal.aborted) throw error;
      return printed({ interrupted: true }, () => 'interrupted; final_report.md is as it was', EXIT.interrupted);
    }
  },
};

function reportText({ report, final_report, agent, by_rules, spent }: ReportAnswer): string {
  return [
    `report: ${report}`,
    `final report: ${final_report}, ${by_rules === null ? `written by ${agent}` : `made by rules: ${by_rules}`}`,
    `spent: ${spentText(spent)}`,
  ].join('\n');
}

function spentText({ usd, tokens, unpriced }: Spent): string {
  const without = { reserved: 0, limit: null, left: null };
  const parts = [
    ...(usd > 0 ? [spendingText({ kind: 'usd', spent: usd, ...without })] : []),
    ...(tokens > 0 ? [spendingText({ kind: 'tokens', spent: tokens, ...without })] : []),
  ];
  const unknown = unpricedText(unpriced);
  return [...parts, ...(unknown === null ? [] : [unknown])].join(', ') || 'nothing';
}
