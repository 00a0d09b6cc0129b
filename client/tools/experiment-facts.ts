/** All that is known of one experiment: its idea, its result and what that is worth, its analysis, its log's end. */

import { experimentView } from '../../domain/protocol/views.js';
import { changesAgainstParents } from '../../domain/reports/change-against-parent.js';
import { heldFindings, heldText } from '../../domain/reports/held-claims.js';
import { intervalText, VERDICT_TEXTS } from '../../domain/reports/judgement-text.js';
import { durationText, gainText, numberText, objectiveText } from '../../domain/reports/quantity-text.js';
import { standingsOf } from '../../domain/reports/standing.js';
import { originalOf } from '../../domain/run/experiment-record.js';
import { suggestedAction } from '../../domain/run/failure.js';
import { readTextIfAny } from '../../host/atomic-file.js';
import { openRunLog } from '../../workdir/event-log.js';
import { specOf } from '../../workdir/spec-store.js';
import { Refusal } from '../output/refusal.js';
import { rowNamed } from '../run/named-node.js';
import { existingRun } from '../run/workdir-config.js';

/** Lines of each stream of the job. */
const LOG_LINES = 40;
const ANALYSIS_LENGTH = 8000;

/** Of the best experiment where none is named. */
export async function experimentFacts(path: string, node: string | undefined, logLines = LOG_LINES) {
  const { workdir, config } = await existingRun(path);
  const record = await openRunLog(workdir).record();
  const row = rowNamed(record.state, node);
  if (row === null) throw new Refusal('node', undefined, 'the run has no best experiment yet; name one');
  const { nodeId, state: now } = row;
  const spec = await specOf(workdir, config, record.state, row).catch(() => null);
  const { objective, gain, proven, verdict } = standingsOf(record.state)(nodeId);
  const jobId = 'jobId' in now ? now.jobId : null;
  const log = async (name: string) =>
    jobId === null ? '' : lastLines((await readTextIfAny(workdir.job(jobId, name)).catch(() => null)) ?? '', logLines);
  const analysis = (await readTextIfAny(workdir.run(nodeId, 'analysis.md'))) ?? '';
  return {
    ...experimentView(record.state, row),
    priority: row.priority,
    change: changesAgainstParents(record.state)(row),
    description: spec?.description ?? '',
    hypothesis: spec?.hypothesis ?? '',
    launch_command: spec?.launch_command ?? '',
    /** Of its runs that count the typical value, as every table says it. */
    objective,
    gain,
    proven,
    verdict,
    why: row.judged?.reason ?? null,
    duplicate_of: originalOf(row),
    metrics: now.status === 'completed' ? now.metrics : null,
    doubt: now.status === 'completed' ? (now.doubt ?? now.noEffect ?? null) : null,
    failure: 'failure' in now ? now.failure : null,
    to_do: 'failure' in now ? suggestedAction(now.failure.kind) : null,
    findings: heldFindings(record, nodeId),
    analysis: heldText(record.state, analysis.slice(0, ANALYSIS_LENGTH), nodeId),
    stdout: await log('stdout.log'),
    stderr: await log('stderr.log'),
  };
}

export type ExperimentFacts = Awaited<ReturnType<typeof experimentFacts>>;

/** What its first run alone came to when it ended: the result and the verdict above say what all its runs do. */
const OF_ONE_RUN: ReadonlySet<string> = new Set(['improvement_vs_baseline_pct', 'is_best_so_far']);

export function experimentText(facts: ExperimentFacts): string {
  const { node_id, kind, status, objective, gain, proven, verdict, why, failure, metrics } = facts;
  const worth = proven ? intervalText(proven) : gain === null ? '' : `${gainText(gain)} vs the baseline`;
  const known = Object.entries(metrics ?? {}).filter(
    ([name, value]) => value !== null && value !== '' && typeof value !== 'object' && !OF_ONE_RUN.has(name),
  );
  return [
    `${node_id} (${kind}): ${status}`,
    ...line('change', facts.change),
    ...line('description', facts.description),
    ...line('hypothesis', facts.hypothesis),
    ...line('launch command', facts.launch_command),
    ...line('result', objective === null ? '' : `${objectiveText(objective)}${worth === '' ? '' : `, ${worth}`}`),
    ...line('verdict', verdict === null ? '' : `${VERDICT_TEXTS[verdict]}${why === null ? '' : ` (${why})`}`),
    ...line('not counted', facts.doubt ?? ''),
    ...line('stands for it', facts.duplicate_of ?? ''),
    ...line('job', facts.job_id === null ? '' : `${facts.job_id}, ${durationText(facts.duration_s)}`),
    ...line('failure', failure === null ? '' : `${failure.kind}: ${failure.message}`),
    ...line('to do', failure === null ? '' : (facts.to_do ?? '')),
    ...line(
      'metrics',
      known.map(([name, value]) => `${name} ${typeof value === 'number' ? numberText(value) : value}`).join(', '),
    ),
    ...facts.findings.map((text) => `finding: ${text}`),
    ...block('analysis', facts.analysis),
    ...block('end of stdout.log', facts.stdout),
    ...block('end of stderr.log', facts.stderr),
  ].join('\n');
}

function line(name: string, text: string): string[] {
  return text === '' ? [] : [`${name}: ${text}`];
}

function block(name: string, text: string): string[] {
  return text.trim() === '' ? [] : ['', `--- ${name} ---`, text.trimEnd()];
}

function lastLines(text: string, count: number): string {
  return text.trimEnd().split('\n').slice(-count).join('\n');
}
