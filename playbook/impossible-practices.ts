/** Which best practices the playbook leaves out for good, with the reason that its plan gives. */
import type { HistoryEntry } from '../agents/agent.js';
import type { Evidence } from '../domain/evidence/evidence.js';
import { hasGpu } from './search/situation.js';
import type { Survey } from './survey.js';

interface PracticesInput {
  survey: Survey;
  history: readonly HistoryEntry[];
  evidence: Readonly<Record<string, Evidence>>;
  practices: { known: readonly string[]; tried: readonly string[] };
  /** What the owner lets run besides the same work; absent for nothing. */
  allow?: readonly string[];
}

export function allowsOtherWork({ allow = [] }: Pick<PracticesInput, 'allow'>): boolean {
  return allow.includes('other-work');
}

export function impossiblePractices(input: PracticesInput): Map<string, string> {
  const { survey, history, practices } = input;
  const reasons = new Map<string, string>();
  const has = (...roles: string[]) => survey.knobs.some(({ role }) => roles.includes(role));
  if (!has('batch_size')) {
    reasons.set('batch_size_tuning', 'batch_size_tuning does not apply: no batch size was found that could be set.');
  } else if (!history.some(({ result }) => result?.metrics.throughput_samples_per_s != null)) {
    reasons.set(
      'batch_size_tuning',
      'batch_size_tuning does not apply: no run tells its throughput, and step times of different batch sizes cannot be compared.',
    );
  }
  if (!has('stage_concurrency', 'num_threads')) {
    reasons.set(
      'concurrency_tuning',
      'concurrency_tuning does not apply: no stage concurrency or thread count was found that could be set.',
    );
  }
  const mtp = history.filter(({ spec }) => spec.best_practices_tags.includes('mtp'));
  if (mtp.length > 0 && mtp.every(({ status }) => status === 'failed' || status === 'cancelled')) {
    const said = survey.pipelines.flatMap(({ mtp: { possible, reason } }) => (possible ? [] : [reason]));
    const why = said.find((reason) => reason !== '') ?? mtp.at(-1)!.failure?.message;
    reasons.set('mtp', `mtp does not apply: ${(why ?? 'it did not run').split('\n')[0]!.slice(0, 300)}.`);
  }
  if (practices.known.includes('gpu_video_decode')) {
    const why = whyNoNvdec(input);
    if (why !== null) reasons.set('gpu_video_decode', `gpu_video_decode does not apply: ${why}.`);
  }
  for (const tag of practices.tried) reasons.delete(tag);
  return reasons;
}

function whyNoNvdec(input: PracticesInput): string | null {
  const { survey, evidence } = input;
  if (!survey.decodesVideo) return 'no video is decoded';
  if (!survey.moves?.some(({ move, possible }) => move === 'nvdec' && possible))
    return 'the playbook cannot rewrite a decoder for the GPU';
  if (!Object.values(evidence).some(({ system }) => hasGpu(system))) return 'no job was seen to use a GPU';
  return allowsOtherWork(input) ? null : 'its pixels differ slightly, which runs only with --allow other-work';
}
