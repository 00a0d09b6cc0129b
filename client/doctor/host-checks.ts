/** What a run needs on this host, Node, git, Temporal and an agent, and what it can use: ports, GPUs, schedulers. */
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { agentProblem, defaultAgent } from '../../activities/agent-calls/make-agent.js';
import type { RunConfig } from '../../domain/formats/config.js';
import { configuredTarget } from '../../worker/connection.js';
import { findTemporal, temporalVersion } from '../../worker/server/find-temporal.js';
import { commandProblem } from '../run/agent-check.js';
import { type Finding, note, ok, output, outputLines, problem } from './finding.js';

const NODE_AT_LEAST = [20, 20] as const;

export async function node(): Promise<Finding> {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const isNew = major > NODE_AT_LEAST[0] || (major === NODE_AT_LEAST[0] && minor >= NODE_AT_LEAST[1]);
  const found = `Node ${process.versions.node}`;
  return isNew ? ok(found) : problem(found, `install Node ${NODE_AT_LEAST.join('.')} or newer`);
}

export async function git(): Promise<Finding> {
  const version = await output('git', ['--version']);
  return version === null
    ? note('no git command', 'works without, slower, with a private store; install git for large repositories')
    : ok(version);
}

export async function temporalCommand(): Promise<Finding> {
  const configured = configuredTarget();
  if (configured) return ok(`a configured server at ${configured.address}; none of our own is started`);
  try {
    const binary = await findTemporal();
    return ok(`${binary}, version ${await temporalVersion(binary)}`);
  } catch (error) {
    return problem((error as Error).message, 'set TEMPORAL_CLI, or run `autoresearch setup`');
  }
}

const USABLE: Readonly<Record<string, string>> = {
  anthropic: 'there are credentials',
  playbook: 'needs no network and no command',
};
const AGENT_COMMANDS: readonly string[] = ['claude', 'codex'];

export async function agent(config: RunConfig | null): Promise<Finding> {
  const name = config?.agent ?? defaultAgent(process.env);
  if (config?.agent_queue && name !== 'playbook')
    return ok(`${name}: called by the workers of the agents' queue ${config.agent_queue}`);
  if (!AGENT_COMMANDS.includes(name)) {
    const trouble = await agentProblem({ agent: name, model: '', effort: '', ...config }, process.env);
    return trouble === null
      ? ok(`${name}: ${USABLE[name] ?? 'the module loads'}`)
      : problem(`${name}: ${trouble}`, 'mend it, or start a run with another --agent');
  }
  const command = config?.agent_command || name;
  const version = await output(command, ['--version']);
  if (version !== null) return ok(version === '' ? command : `${command}, ${version}`);
  // A program of the user's own need not know that flag, and a run asks only whether it is there.
  const trouble = await commandProblem(command, process.env);
  if (config?.agent_command && trouble === null) return ok(`${command}: it may be run, and tells no version`);
  const advice = 'install it, name another by --agent-command, or use --agent playbook';
  return config
    ? problem(`the agent command ${command} does not run${trouble === null ? '' : `: ${trouble}`}`, advice)
    : note(`no ${command} command`, advice);
}

/** The server of a run, the page and the codec server listen on ports that the system gives. */
export async function ports(): Promise<Finding> {
  const server = createServer();
  return await new Promise((resolve) => {
    server.once('error', (error) =>
      resolve(problem(`nothing can listen on 127.0.0.1: ${error.message}`, 'allow it: a run has its server there')),
    );
    server.listen(0, '127.0.0.1', () => server.close(() => resolve(ok('a server can listen on 127.0.0.1'))));
  });
}

export async function gpus(): Promise<Finding> {
  const query = ['--query-gpu=name', '--format=csv,noheader'];
  const names = (await outputLines('nvidia-smi', query)) ?? [];
  return names.length > 0
    ? ok(`${names.length}: ${[...new Set(names)].join(', ')}`)
    : note('none that nvidia-smi shows', 'a run does without; it then has no numbers of SM utilisation');
}

/** Nobody looks at a screen for longer. */
const ANSWER_LIMIT_MS = 5000;

const SCHEDULER_COMMANDS = [
  ['slurm', 'sbatch', '--version'],
  ['torchx', 'torchx', '--version'],
] as const;

/** The one of the kubeconfig: its version, why it does not answer, or null where there is no kubeconfig. */
async function kubernetesServer(): Promise<string | Error | null> {
  if (!process.env.KUBECONFIG && !existsSync(join(homedir(), '.kube', 'config'))) return null;
  const { KubeApi } = await import('../../jobs/clusters/kubernetes/kube-api.js');
  return await KubeApi.open('')
    .then((api) => api.version(ANSWER_LIMIT_MS))
    .then(
      (version) => `kubernetes (${version})`,
      (error: Error) => error,
    );
}

/** `--platform auto` takes them by the launch command; a run on this host needs none. */
export async function clusters(): Promise<Finding> {
  const found = await Promise.all(
    SCHEDULER_COMMANDS.map(async ([platform, command, flag]) => {
      const version = await output(command, [flag]);
      return version === null ? [] : [`${platform} (${version})`];
    }),
  );
  const kubernetes = await kubernetesServer();
  const answers = found.flat();
  if (kubernetes instanceof Error)
    return note(
      [...answers, kubernetes.message].join('; '),
      'jobs of Kubernetes need its API server: mend KUBECONFIG, or the way to it',
    );
  const usable = [...answers, ...(kubernetes === null ? [] : [kubernetes])];
  return usable.length > 0
    ? ok(usable.join(', '))
    : note(
        'no sbatch, no torchx and no API server of Kubernetes that answers',
        'jobs run on this host, or by a file of commands (docs/platforms.md)',
      );
}
