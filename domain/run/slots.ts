/**
 * Job slots that own CPUs or GPUs of a host: how they are written (`--slots`), which lists name the same thing twice,
 * and what a job with such a slot must hold alone. Values in, values out; what a host has is told.
 */

/** What a slot owns: lists as in "0-3,8"; null = nothing of that kind. */
export interface Slot {
  gpus: string | null;
  cpus: string | null;
}

export const SLOTS_ADVICE =
  'a number of slots, as in 2, or what each slot owns, as in "gpu:0;gpu:1", "cpu:0-3;cpu:4-7" or "gpu:0 cpu:0-3;gpu:1 cpu:4-7"';

/** Far above the devices of one host. */
const MOST_SLOTS = 1000;
export const INDEX_LIST = /^\d{1,5}(-\d{1,5})?(,\d{1,5}(-\d{1,5})?)*$/;

export type ParsedSlots = { slots: Slot[] } | { problem: string };

/** The text of `--slots`; the problem says in words what would be right. */
export function parseSlots(text: string): ParsedSlots {
  const given = text.trim();
  if (/^\d+$/.test(given)) {
    const count = Number(given);
    if (count < 1 || count > MOST_SLOTS) return { problem: `${SLOTS_ADVICE}; 1 to ${MOST_SLOTS} slots` };
    return { slots: Array.from({ length: count }, () => ({ gpus: null, cpus: null })) };
  }
  const slots: Slot[] = [];
  for (const part of given.split(';')) {
    const slot = parseSlot(part.trim());
    if (typeof slot === 'string') return { problem: slot };
    slots.push(slot);
  }
  const shared = sharedDevice(slots);
  return shared === null ? { slots } : { problem: `slots that share nothing (${shared} is named twice)` };
}

/** As a person writes them. */
export function slotsText(slots: readonly Slot[]): string {
  const text = ({ gpus, cpus }: Slot) =>
    [...(gpus === null ? [] : [`gpu:${gpus}`]), ...(cpus === null ? [] : [`cpu:${cpus}`])].join(' ');
  const texts = slots.map(text);
  return texts.every((each) => each === '') ? String(slots.length) : texts.join(';');
}

function parseSlot(text: string): Slot | string {
  const slot: Slot = { gpus: null, cpus: null };
  for (const word of text.split(/\s+/)) {
    const [, kind, list] = /^(gpu|cpu):(.+)$/.exec(word) ?? [];
    if (kind === undefined || list === undefined || !INDEX_LIST.test(list)) return SLOTS_ADVICE;
    if (indexesOf(list).length === 0) return `ranges that go upwards, as in 0-3, not ${list}`;
    const key = kind === 'gpu' ? 'gpus' : 'cpus';
    if (slot[key] !== null) return `one list of ${key} in a slot, as in ${kind}:0,1`;
    slot[key] = list;
  }
  return slot;
}

/** "0-2,5" -> 0, 1, 2, 5; [] where a range goes downwards. */
export function indexesOf(list: string): number[] {
  const ranges = list.split(',').map((part) => {
    const [from = Number.NaN, to = from] = part.split('-').map(Number);
    return Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => from + i);
  });
  return ranges.some((range) => range.length === 0) ? [] : ranges.flat();
}

function sharedDevice(slots: readonly Slot[]): string | null {
  const seen = new Set<string>();
  for (const device of slots.flatMap(devicesOf)) {
    if (seen.has(device)) return device;
    seen.add(device);
  }
  return null;
}

/** As a person reads them: "CPU 3", "GPU 0". */
function devicesOf({ gpus, cpus }: Slot): string[] {
  const named = (kind: string, list: string | null) =>
    (list === null ? [] : indexesOf(list)).map((i) => `${kind} ${i}`);
  return [...named('GPU', gpus), ...named('CPU', cpus)];
}

/** What there is; null = unknown here, and then no list of that kind can be kept. */
export interface HostDevices {
  gpus: number[] | null;
  cpus: number[] | null;
}

/** The first device that this host lacks, in words that say what would be right; null when all are there. */
export function missingDevice(slots: readonly Slot[], host: HostDevices): string | null {
  for (const { gpus, cpus } of slots) {
    const problem = missingOf('GPU', gpus, host.gpus) ?? missingOf('CPU', cpus, host.cpus);
    if (problem !== null) return problem;
  }
  return null;
}

function missingOf(kind: 'GPU' | 'CPU', list: string | null, there: readonly number[] | null): string | null {
  if (list === null) return null;
  if (there === null) {
    return kind === 'GPU'
      ? 'a number of slots, or CPUs: this host shows no GPU (nvidia-smi does not answer)'
      : 'a number of slots, or GPUs: this system cannot keep a job on some CPUs (only Linux can)';
  }
  const missing = indexesOf(list).find((index) => !there.includes(index));
  return missing === undefined ? null : `${kind}s that a job may use here (${rangesOf(there)}), not ${kind} ${missing}`;
}

/** 0, 1, 2, 5 -> "0-2,5". */
export function rangesOf(indexes: readonly number[]): string {
  const ranges: [number, number][] = [];
  for (const index of [...indexes].sort((a, b) => a - b)) {
    const last = ranges.at(-1);
    if (last && index <= last[1] + 1) last[1] = index;
    else ranges.push([index, index]);
  }
  return ranges.map(([from, to]) => (from === to ? String(from) : `${from}-${to}`)).join(',');
}

/** What a job must hold of its host before it starts: all of it, or a share of it and some resources alone. */
export interface HostHold {
  machine: 'exclusive' | 'shared';
  resources: string[];
}

/** Null where jobs may run beside anything. */
export function hostHold(
  { slots, exclusive_machine }: { slots: readonly Slot[]; exclusive_machine: boolean },
  slot: number,
  maxConcurrency: number,
): HostHold | null {
  const own = slotOf(slots, slot);
  if (own !== null) {
    const devices = devicesOf(own).map((device) => device.toLowerCase().replace(' ', '-'));
    // A slot that owns nothing in particular still is one of so many.
    return { machine: 'shared', resources: devices.length > 0 ? devices : [`slot-${slot % slots.length}`] };
  }
  // Whoever raised the limit meanwhile wants jobs beside one another.
  return exclusive_machine && maxConcurrency === 1 ? { machine: 'exclusive', resources: [] } : null;
}

/**
 * The slot of a number that the engine granted. A foreign message may have raised the limit above the slots: such jobs
 * wait.
 */
export function slotOf(slots: readonly Slot[], slot: number): Slot | null {
  return slots[slot % slots.length] ?? null;
}
