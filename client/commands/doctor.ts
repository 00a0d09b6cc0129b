/** `doctor`: what a run needs on this host, and how a workdir is; each a check with what to do when it fails. */
import { execFile } from 'node:child_process';
import { stat, statfs } from 'node:fs/promises';
import { promisify } from 'node:util';
import { agentProblem, defaultAgent } from '../../activities/agents/index.js';
import { packageFile } from '../../activities/package-files.js';
import { targetPython } from '../../activities/target-python.js';
import type { Workdir } from '../../activities/workdir.js';
import type { RunConfig } from '../../domain/formats/config.js';
import { configuredTarget, findConnection, openClient, type TemporalTarget } from '../../worker/connection.js';
import { findTemporal, temporalVersion } from '../../worker/find-temporal.js';
import { engineLife, readState } from '../run-state.js';
import { existingRun } from '../workdir-config.js';

const run = promisify(execFile);

export interface Check {
  name: string;
  /** `note`: fine as it is, and worth knowing. */
  state: 'ok' | 'note' | 'problem';
  /** What was found. */
  found: string;
  /** What to do; '' when there is nothing to do. */
  advice: string;
}

type Finding = Omit<Check, 'name'>;

const ok = (found: string): Finding => ({ state: 'ok', found, advice: '' });
const note = (found: string, advice = ''): Finding => ({ state: 'note', found, advice });
const problem = (found: string, advice: string): Finding => ({ state: 'problem', found, advice });

export async function doctor(path: string | undefined): Promise<Check[]> {
  const existing = path === undefined ? null : await existingRun(path);
  const config = existing?.config ?? null;
  const checks: [string, () => Promise<Finding>][] = [
    ['node', node],
    ['git', git],
    ['temporal', temporalCommand],
    ['python', () => python(config)],
    ['agent', () => agent(config)],
  ];
  if (existing) {
    const { workdir } = existing;
    checks.push(
      ['workdir', () => diskUse(workdir)],
      ['engine', () => engine(workdir)],
      ['server', () => server(workdir)],
    );
  }
  return Promise.all(checks.map(async ([name, check]) => ({ name, ...(await check()) })));
}

export function doctorText(checks: readonly Check[]): string {
  return checks
    .map(
      ({ name, state, found, advice }) =>
        `${state.padEnd(8)} ${name.padEnd(9)} ${found}${advice && `\n${' '.repeat(19)}${advice}`}`,
    )
    .join('\n');
}

const NODE_AT_LEAST = [20, 20] as const;

async function node(): Promise<Finding> {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const isNew = major > NODE_AT_LEAST[0] || (major === NODE_AT_LEAST[0] && minor >= NODE_AT_LEAST[1]);
  const found = `Node ${process.versions.node}`;
  return isNew ? ok(found) : problem(found, `install Node ${NODE_AT_LEAST.join('.')} or newer`);
}

async function git(): Promise<Finding> {
  const version = await output('git', ['--version']);
  return version === null
    ? note('no git command', 'works without, slower, with a private store; install git for large repositories')
    : ok(version);
}

async function temporalCommand(): Promise<Finding> {
  const configured = configuredTarget();
  if (configured) return ok(`a configured server at ${configured.address}; none of our own is started`);
  try {
    const binary = await findTemporal();
    return ok(`${binary}, version ${await temporalVersion(binary)}`);
  } catch (error) {
    return problem((error as Error).message, 'set TEMPORAL_CLI, or run `npm run setup` in the project');
  }
}

const PROBE = 'import sys; print("%d.%d.%d" % sys.version_info[:3])';
/** Its version is known even where it does not import. */
const SPDL_PROBE = 'import importlib.metadata as m; print(m.version("spdl"), flush=True); import spdl.pipeline';

async function python(config: RunConfig | null): Promise<Finding> {
  const binary = await interpreter(config);
  if (binary === null) return problem('no Python found', 'name it by --python, or put python3 (3.10 or newer) on PATH');
  const version = await output(binary, ['-c', PROBE]);
  const [major = 0, minor = 0] = (version ?? '').split('.').map(Number);
  if (version === null || major < 3 || (major === 3 && minor < 10)) {
    return problem(`${binary}, Python ${version ?? 'that does not run'}`, 'the target needs Python 3.10 or newer');
  }
  return spdlFinding(binary, version, await spdlOf(binary));
}

export interface SpdlProbe {
  /** Null when it is not installed. */
  version: string | null;
  /** Why it does not import, or null. */
  trouble: string | null;
}

async function spdlOf(binary: string): Promise<SpdlProbe> {
  try {
    const { stdout } = await run(binary, ['-c', SPDL_PROBE], { timeout: COMMAND_TIMEOUT_MS });
    return { version: stdout.trim(), trouble: null };
  } catch (error) {
    const { stdout = '', stderr = '', message } = error as Error & { stdout?: string; stderr?: string };
    return { version: stdout.trim() || null, trouble: stderr.trim().split('\n').at(-1) || message };
  }
}

/** SPDL says that it runs on 3.10, but takes typing.Self, which 3.11 brought. */
const OLD_PYTHON = 'SPDL 0.8 does not import on Python 3.10: take Python 3.11 or newer';

export function spdlFinding(binary: string, python: string, { version, trouble }: SpdlProbe): Finding {
  const found = `${binary}, Python ${python}`;
  if (version !== null && trouble === null) return ok(`${found}, SPDL ${version}`);
  const isOld = python.startsWith('3.10.');
  const install = `${binary} -m pip install`;
  if (version === null) return problem(`${found}, without SPDL`, isOld ? OLD_PYTHON : `install it: ${install} spdl`);
  const advice = isOld ? OLD_PYTHON : `mend its installation: ${install} --force-reinstall spdl`;
  return problem(`${found}, SPDL ${version} that does not import (${trouble})`, advice);
}

async function interpreter(config: RunConfig | null): Promise<string | null> {
  if (config) return targetPython(config).catch(() => null);
  const ours = packageFile('.tools', 'venv', 'bin', 'python');
  return (await stat(ours).catch(() => null)) ? ours : (await output('python3', ['--version'])) && 'python3';
}

const USABLE: Readonly<Record<string, string>> = { anthropic: 'there are credentials' };
const AGENT_COMMANDS: readonly string[] = ['claude', 'codex'];

async function agent(config: RunConfig | null): Promise<Finding> {
  const name = config?.agent ?? defaultAgent(process.env);
  if (name === 'playbook') return ok('playbook: needs no network and no command');
  if (!AGENT_COMMANDS.includes(name)) {
    const trouble = await agentProblem({ agent: name, model: '', effort: '', ...config }, process.env);
    return trouble === null
      ? ok(`${name}: ${USABLE[name] ?? 'the module loads'}`)
      : problem(`${name}: ${trouble}`, 'mend it, or start a run with another --agent');
  }
  const command = config?.agent_command || name;
  const version = await output(command, ['--version']);
  if (version !== null) return ok(`${command}, ${version}`);
  const advice = 'install it, name another by --agent-command, or use --agent playbook';
  return config ? problem(`the agent command ${command} does not run`, advice) : note(`no ${command} command`, advice);
}

const FREE_AT_LEAST_BYTES = 1e9;

async function diskUse(workdir: Workdir): Promise<Finding> {
  const used = (await output('du', ['-sk', workdir.root]))?.split('\t')[0];
  const { bavail, bsize } = await statfs(workdir.root);
  const free = bavail * bsize;
  const found = `${workdir.root}: ${used === undefined ? 'unknown size' : sizeText(Number(used) * 1024)} used, ${sizeText(free)} free`;
  return free < FREE_AT_LEAST_BYTES
    ? problem(found, 'make room: trees/ and local_jobs/ of old runs may go')
    : ok(found);
}

async function engine(workdir: Workdir): Promise<Finding> {
  const [life, state] = await Promise.all([engineLife(workdir), readState(workdir)]);
  if (life) return ok(`process ${life.pid}, since ${life.since}`);
  const goOn = `go on with \`autoresearch run ${workdir.root}\``;
  if (state === null) return note('not started', goOn);
  const isAtRest = state.status === 'stopped' || state.status === 'interrupted';
  return isAtRest
    ? note(`not running; the run is ${state.status}`)
    : problem(`gone while the run is ${state.status}`, goOn);
}

async function server(workdir: Workdir): Promise<Finding> {
  const target = await findConnection(workdir);
  if (target === null) return note("the workdir's Temporal server is off; it starts with the engine");
  return (await answers(target))
    ? ok(`${target.address}${target.uiAddress === null ? '' : `, UI ${target.uiAddress}`}`)
    : problem(`${target.address} does not answer`, 'check TEMPORAL_ADDRESS and its kin, or logs/temporal-server.log');
}

async function answers(target: TemporalTarget): Promise<boolean> {
  try {
    const client = await openClient(target);
    await client.connection.close();
    return true;
  } catch {
    return false;
  }
}

/** First line of what a command prints; null when it cannot be run or fails. */
async function output(command: string, args: string[]): Promise<string | null> {
  try {
    const { stdout } = await run(command, args, { timeout: COMMAND_TIMEOUT_MS });
    return stdout.trim().split('\n')[0] ?? '';
  } catch {
    return null;
  }
}

/** `import spdl` from a cold disk takes seconds; a command that asks a question would wait for ever. */
const COMMAND_TIMEOUT_MS = 20_000;

function sizeText(bytes: number): string {
  return bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : `${Math.ceil(bytes / 1e6)} MB`;
}
