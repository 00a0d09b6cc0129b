/**
 * The environment of builds and jobs: the engine's own without its secrets, plus what tells a command which tree is
 * its.
 */
import { realpathSync } from 'node:fs';
import { hostname } from 'node:os';
import type { RunConfig } from '../domain/formats/config.js';
import { indexesOf, type Slot, slotOf } from '../domain/run/slots.js';
import { packageFile } from '../host/package-files.js';
import type { SourceTree } from '../source/control/source-control.js';
import { inLaunchEnvironment } from '../source/launch-environment.js';
import type { Workdir } from '../workdir/paths.js';
import { pathListFor, type TreePlaces } from './command-paths.js';

export { commandFor, type TreePlaces } from './command-paths.js';

/** Credentials of the engine's own services: a job or a build has no use for them. */
const SECRET_PREFIXES = ['ANTHROPIC_', 'OPENAI_', 'TEMPORAL_', 'CLAUDE_CODE_', 'CODEX_'];
const SECRET_NAMES = ['AUTORESEARCH_CODEC_KEY'];

export interface EnvironmentInput {
  /** Usually process.env. */
  base: NodeJS.ProcessEnv;
  config: RunConfig;
  workdir: Workdir;
  nodeId: string;
  tree: SourceTree;
  /** '' where nothing was built. */
  image: string;
}

export function treePlaces({ base, config, workdir, tree }: EnvironmentInput): TreePlaces {
  const { source_dir } = config;
  return {
    originalSourceDir: source_dir,
    realSourceDir: realPathOf(source_dir),
    workdir: workdir.root,
    realWorkdir: realPathOf(workdir.root),
    tree,
    home: base.HOME ?? '',
  };
}

/** Scripts find themselves by the one path or the other. */
function realPathOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

export function buildEnvironment(input: EnvironmentInput): Record<string, string> {
  const { config, workdir, nodeId, tree, image } = input;
  const base = inLaunchEnvironment(input.base, config);
  const env = withoutSecrets(base, config.secret_env);
  // The shell sets its own; the old ones name the engine's directory, perhaps the user's original.
  delete env.PWD;
  delete env.OLDPWD;
  const pythonPath = pathListFor(base.PYTHONPATH ?? '', treePlaces(input));
  if (pythonPath === '') delete env.PYTHONPATH;
  else env.PYTHONPATH = pythonPath;
  return {
    ...env,
    IMAGE: image,
    SOURCE_DIR: tree.sourceDir,
    WORKDIR: workdir.root,
    NODE_ID: nodeId,
    // For an image of whose host nothing of ours will be seen.
    AUTORESEARCH_PROBE_DIR: packageFile('probe'),
    AUTORESEARCH_RUN: config.run_id,
    AUTORESEARCH_NODE: nodeId,
  };
}

/** What a build has, the probe in front of the user's own Python path, and the GPUs of the slot. */
export function jobEnvironment(
  input: EnvironmentInput & { slot: number; bundle?: string | null },
): Record<string, string> {
  const env = buildEnvironment(input);
  return {
    ...env,
    PYTHONPATH: [packageFile('probe'), env.PYTHONPATH].filter(Boolean).join(':'),
    // Progress lines must reach the log when they are printed: it is how a stall is noticed.
    PYTHONUNBUFFERED: env.PYTHONUNBUFFERED ?? '1',
    ...(input.bundle ? { SOURCE_BUNDLE: input.bundle } : {}),
    AUTORESEARCH_SLOT: String(input.slot),
    ...visibleGpus(slotOf(input.config.slots, input.slot)),
    AUTORESEARCH_METRICS_DIR: input.workdir.metrics(input.nodeId),
    // Processes elsewhere put their own into the names of their tables.
    AUTORESEARCH_HOST: hostname(),
    AUTORESEARCH_TREE_DIR: input.tree.sourceDir,
    AUTORESEARCH_ORIGINAL_DIR: input.config.source_dir,
  };
}

/** Numbers as nvidia-smi shows them; CUDA alone would count the fastest GPU first. */
function visibleGpus(slot: Slot | null): Record<string, string> {
  if (slot === null || slot.gpus === null) return {};
  return { CUDA_VISIBLE_DEVICES: indexesOf(slot.gpus).join(','), CUDA_DEVICE_ORDER: 'PCI_BUS_ID' };
}

export function withoutSecrets(base: NodeJS.ProcessEnv, secretNames: readonly string[]): Record<string, string> {
  const secret = new Set([...SECRET_NAMES, ...secretNames]);
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(base)) {
    if (value === undefined || secret.has(name) || SECRET_PREFIXES.some((prefix) => name.startsWith(prefix))) continue;
    kept[name] = value;
  }
  return kept;
}
