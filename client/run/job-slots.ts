/**
 * What a person's flags say about jobs that share a machine: slots and their devices, how many jobs at a time, and the
 * default.
 */
import { readFile } from 'node:fs/promises';
import type { RunConfig } from '../../domain/formats/config.js';
import {
  type HostDevices,
  INDEX_LIST,
  indexesOf,
  missingDevice,
  parseSlots,
  type Slot,
  slotsText,
} from '../../domain/run/slots.js';
import { Refusal } from '../output/refusal.js';

export const ONE_JOB_AT_A_TIME =
  'one measured job at a time: jobs that share a machine disturb each other; --max-concurrency or --slots changes that';

/** Platforms whose jobs share this machine. */
const ON_THIS_MACHINE: readonly string[] = ['auto', 'local'];

export function readSlots(given: unknown): Slot[] {
  const parsed = parseSlots(String(given));
  if ('problem' in parsed) throw new Refusal('--slots', given, parsed.problem);
  return parsed.slots;
}

/**
 * How many jobs a new run has at a time where that was not said: one for each slot, and one on a machine that jobs
 * share.
 */
export function sharingDefaults(config: RunConfig, isConcurrencyGiven: boolean): RunConfig {
  if (isConcurrencyGiven) return config;
  if (config.slots.length > 0) return { ...config, max_concurrency: config.slots.length };
  return ON_THIS_MACHINE.includes(config.platform)
    ? { ...config, max_concurrency: 1, exclusive_machine: true }
    : config;
}

/** Each job holds a slot, so more jobs than slots cannot be. */
export function checkConcurrency(field: string, { slots, max_concurrency: jobs }: RunConfig): void {
  if (slots.length === 0 || jobs <= slots.length) return;
  throw new Refusal(field, jobs, `at most ${slots.length}: this run has as many slots, and each job holds one`);
}

export async function checkDevices(slots: readonly Slot[]): Promise<void> {
  const host: HostDevices = {
    gpus: slots.some(({ gpus }) => gpus !== null) ? await hostGpus() : null,
    cpus: await hostCpus(),
  };
  const problem = missingDevice(slots, host);
  if (problem !== null) throw new Refusal('--slots', slotsText(slots), problem);
}

/** The CPUs that this process, and so its jobs, may use; null where the system does not tell. */
async function hostCpus(): Promise<number[] | null> {
  const status = await readFile('/proc/self/status', 'utf8').catch(() => '');
  const list = /^Cpus_allowed_list:\s*(\S+)$/m.exec(status)?.[1];
  return list !== undefined && INDEX_LIST.test(list) ? indexesOf(list) : null;
}

async function hostGpus(): Promise<number[] | null> {
  const { runApart } = await import('../../host/short-program.js');
  const query = ['--query-gpu=index', '--format=csv,noheader'];
  const shown = await runApart('nvidia-smi', query, { timeout: NVIDIA_SMI_LIMIT_MS, stdin: 'ignore' });
  if (shown.failed) return null;
  return shown.stdout.split('\n').flatMap((line) => (/^\d+$/.test(line.trim()) ? Number(line) : []));
}

/** nvidia-smi takes a second or two where its driver is asleep. */
const NVIDIA_SMI_LIMIT_MS = 20_000;
