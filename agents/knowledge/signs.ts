/**
 * Signs by which a card is found to apply: what the code shows of itself, and what a run has measured. Each is a plain
 * yes or no; a sign of the code that is wrongly seen costs some tokens, and no more.
 */
import { logSpeed } from '../../domain/belief/noise.js';
import { decodesVideo } from '../../domain/proposals/best-practices.js';
import type { AgentTask, HistoryEntry, PlanTask } from '../agent.js';

/** Words of the code, comments left out. */
const CODE_SIGNS = {
  archives: /\b(?:tarfile|iter_tarfile|webdataset|zipfile)\b|\.(?:tar|zip)\b/,
  arrays: /\bnp(?:z|y)\b|\bload_np[zy]\b|\b(?:np|numpy)\.(?:load|memmap)\(/,
  asyncio_run: /\basyncio\.run\(|run_until_complete\(/,
  async_stages: /\basync\s+def\b/,
  audio: /\b(?:load_wav|load_audio|soundfile|librosa|torchaudio|wave)\b|\.(?:wav|flac|mp3)\b/,
  config_style: /\b(?:PipelineConfig|PipeConfig|SourceConfig|SinkConfig|build_pipeline)\b/,
  continuous: /\bcontinuous\s*=\s*True\b/,
  cuda: /\.cuda\(|["']cuda\b|\b(?:transfer_tensor|transfer_tensor_h2d|transfer_buffer|cuda_config)\b/,
  distributed:
    /\b(?:torch\.distributed|init_process_group|DistributedDataParallel|WORLD_SIZE|LOCAL_RANK|torchrun)\b|\bDistributed\w*Sampler\b/,
  gc_control: /\bgc\.(?:disable|freeze|collect)\(|\bGarbageCollector\b/,
  hydra: /\b(?:hydra|omegaconf|OmegaConf)\b/,
  images: /\b(?:load_image|load_image_batch|Image\.open|imread|decode_jpeg)\b|\bPIL\b|\.(?:jpe?g|png)\b/i,
  network: /\b(?:requests|aiohttp|httpx|boto3|aiobotocore|s3fs|fsspec|urlopen|gcsfs)\b|\b(?:s3|gs|https?):\/\//,
  nvdec: /\b(?:decode_packets_nvdec|nvdec_decoder|streaming_load_video_nvdec|NvDecDecoder)\b/,
  own_loader: /\b(?:spdl\.dataloader|PyTorchDataLoader|get_pytorch_dataloader)\b|\bDataLoader\(/,
  shuffles: /\bshuffle\b|\b\w*Sampler\b/,
  subprocess: /\b(?:run_pipeline_in_subprocess|iterate_in_subprocess)\b/,
  tokenizer: /\b(?:transformers|AutoTokenizer|tokenizers|tiktoken|sentencepiece|tokenizer)\b/i,
  torch: /\b(?:import|from)\s+torch\b/,
  torchtnt: /\btorchtnt\b/,
} satisfies Record<string, RegExp>;

/** What only a run can tell. */
const RUN_SIGNS = [
  'cpu_busy',
  'failed_starts',
  'fed',
  'headspace_low',
  'mtp_failed',
  'mtp_no_gain',
  'ranks_differ',
  'short_steps',
  'stage_failures',
  'starved',
] as const;

export type CodeSign = keyof typeof CODE_SIGNS | 'video';
export type RunSign = (typeof RUN_SIGNS)[number];
export type Sign = CodeSign | RunSign;

export const SIGNS: ReadonlySet<string> = new Set([...Object.keys(CODE_SIGNS), 'video', ...RUN_SIGNS]);

export function isRunSign(sign: string): boolean {
  return (RUN_SIGNS as readonly string[]).includes(sign);
}

/** Of all that a prompt could show of the project. */
export function codeSigns(texts: readonly string[]): Set<Sign> {
  const code = texts.map(withoutComments).join('\n');
  const seen = Object.entries(CODE_SIGNS).filter(([, pattern]) => pattern.test(code));
  return new Set([...seen.map(([sign]) => sign as Sign), ...(decodesVideo(code) ? (['video'] as const) : [])]);
}

/** A `#` within a text is cut as well, which costs a sign at most. */
function withoutComments(text: string): string {
  return text.replace(/(^|\s)#.*$/gm, '$1');
}

/** Above this, kernel launches and the loop's own Python wait for a core (SPDL's guide on noisy neighbours: 40%). */
const BUSY_SHARE = 0.4;
/** By so much cached batches make the best run faster, at most, where the model is what bounds it. */
const LOW_HEADSPACE = 1.1;
/** A sink that holds an item at so many looks keeps the loop fed, or starves it. */
const FED = 0.9;
const STARVED = 0.5;
/** Below it, the way between two processes is a good part of a step (SPDL's guide on MTP). */
const SHORT_STEP_MS = 50;

/** Only a planner is told of runs; an analysis judges one by itself. */
export function runSigns(task: AgentTask): Set<Sign> {
  return task.phase === 'plan' ? planSigns(task) : new Set();
}

function planSigns({ history, bestNodeId, evidence }: PlanTask): Set<Sign> {
  const found = new Set<Sign>();
  const best = history.find(({ nodeId }) => nodeId === bestNodeId);
  const of = (kind: HistoryEntry['kind']) => history.find((entry) => entry.kind === kind);
  const [headspace, mtp] = [of('headspace'), of('mtp')];
  if (mtp?.failure && mtp.failure.kind !== 'duplicate_work') found.add('mtp_failed');
  if (mtp?.judged && mtp.judged.verdict !== 'keep') found.add('mtp_no_gain');
  if (history.some(({ failure }) => failure?.kind === 'job_startup_failed')) found.add('failed_starts');
  const room = headspace && best ? speedRatio(headspace, best) : null;
  if (room !== null && room < LOW_HEADSPACE) found.add('headspace_low');
  const measured = bestNodeId === null ? undefined : evidence[bestNodeId];
  if (measured === undefined) return found;
  const { stages, system, steps, ranks } = measured;
  const sink = stages.filter(({ isSink }) => isSink).at(-1)?.occupationRate ?? null;
  if (sink !== null && sink >= FED) found.add('fed');
  if (sink !== null && sink <= STARVED) found.add('starved');
  if (stages.some(({ numFailures }) => (numFailures ?? 0) > 0)) found.add('stage_failures');
  if (system.cpuPct !== null && system.cpuCores !== null && system.cpuPct / (100 * system.cpuCores) > BUSY_SHARE)
    found.add('cpu_busy');
  if (steps.stepMs !== null && steps.stepMs < SHORT_STEP_MS) found.add('short_steps');
  if (ranks?.slowest) found.add('ranks_differ');
  return found;
}

function speedRatio({ objective: one }: HistoryEntry, { objective: other }: HistoryEntry): number | null {
  return one && other && one.metric === other.metric ? Math.exp(logSpeed(one) - logSpeed(other)) : null;
}
