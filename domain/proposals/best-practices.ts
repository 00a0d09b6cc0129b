/** The practices that a run must have tried before it may stop at a plateau. */
import type { EngineState } from '../run/engine-state.js';

const GENERAL = ['mtp', 'batch_size_tuning', 'concurrency_tuning'] as const;
const VIDEO = 'gpu_video_decode';

export function knownPractices(decodesVideo: boolean): string[] {
  return decodesVideo ? [...GENERAL, VIDEO] : [...GENERAL];
}

/** Neither tried nor said by the planner to be inapplicable. */
export function untriedPractices(state: EngineState): string[] {
  return state.practicesKnown.filter(
    (tag) => !state.practicesTried.includes(tag) && !state.practicesNotApplicable.includes(tag),
  );
}

/** Words by which code shows that it decodes video; the analyser's are held against the same cases. */
const VIDEO_WORDS =
  /demux_video|decode_video|load_video|read_video|decode_packets_nvdec|nvdec|VideoReader|VideoCapture|VideoPackets|VideoDecoder|\b(?:decord|torchcodec|pyav)\b|\.(?:mp4|webm|mkv|avi)\b/i;

export function decodesVideo(script: string): boolean {
  return VIDEO_WORDS.test(script);
}
