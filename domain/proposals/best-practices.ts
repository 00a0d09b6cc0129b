/** The practices that a run must have tried before it may stop at a plateau. */
import { isRemeasurement } from '../belief/confirmation-state.js';
import { type EngineState, openRows } from '../run/engine-state.js';
import type { ExperimentRow } from '../run/experiment-record.js';

const GENERAL = ['mtp', 'batch_size_tuning', 'concurrency_tuning'] as const;
const VIDEO = 'gpu_video_decode';

export function knownPractices(decodesVideo: boolean): string[] {
  return decodesVideo ? [...GENERAL, VIDEO] : [...GENERAL];
}

/** What keeps the run from ending: neither tried, nor said by the planner to be inapplicable, nor left out. */
export function untriedPractices(state: EngineState): string[] {
  const settled = [...state.practicesTried, ...state.practicesNotApplicable, ...leftOutPractices(state)];
  return state.practicesKnown.filter((tag) => !settled.includes(tag));
}

/** What nobody wants to be tried: a person removed its last experiment from the queue, and none has tried it since. */
export function leftOutPractices({ practicesLeftOut = [], practicesTried }: EngineState): string[] {
  return practicesLeftOut.filter((tag) => !practicesTried.includes(tag));
}

/** With the reason, for a list of what was not tried. */
export function leftOutText(practice: string): string {
  return `${practice} (a person removed it from the queue)`;
}

/** What is left out once a person removes `row`: the untried practices that no other experiment may still try. */
export function practicesOnlyIn(state: EngineState, row: ExperimentRow): string[] {
  if (isRemeasurement(row)) return [];
  const others = openRows(state).filter(({ nodeId }) => nodeId !== row.nodeId);
  const untried = untriedPractices(state);
  return row.tags.filter((tag) => untried.includes(tag) && !others.some(({ tags }) => tags.includes(tag)));
}

/** Words by which code shows that it decodes video; the analyser's are held against the same cases. */
const VIDEO_WORDS =
  /demux_video|decode_video|load_video|read_video|decode_packets_nvdec|nvdec|VideoReader|VideoCapture|VideoPackets|VideoDecoder|\b(?:decord|torchcodec|pyav)\b|\.(?:mp4|webm|mkv|avi)\b/i;

export function decodesVideo(script: string): boolean {
  return VIDEO_WORDS.test(script);
}
