/** A container of a stand-in for a node: its command as a process of this host, in its image's environment. */
import { type ChildProcess, spawn } from 'node:child_process';
import { ContainerLog } from './container-log.js';

export interface ContainerSpec {
  name: string;
  image: string;
  command?: string[];
  args?: string[];
  workingDir?: string;
  // biome-ignore lint/suspicious/noExplicitAny: the server has checked it.
  env?: { name: string; value?: string; valueFrom?: any }[];
}

interface Terminated {
  exitCode: number;
  reason: string;
  message?: string;
  startedAt: string;
  finishedAt: string;
}

const now = () => new Date().toISOString();

export class ContainerProcess {
  readonly log = new ContainerLog();
  readonly startedAt = now();
  /** Null while it runs. */
  terminated: Terminated | null = null;
  private readonly child: ChildProcess;
  private wasOutOfMemory = false;

  constructor(spec: ContainerSpec, env: Record<string, string>, onEnd: () => void = () => {}) {
    const [program = '/bin/true', ...args] = [...(spec.command ?? []), ...(spec.args ?? [])].map((word) =>
      expanded(word, env),
    );
    this.child = spawn(program, args, { env, cwd: spec.workingDir ?? '/', detached: true, stdio: 'pipe' });
    for (const stream of ['stdout', 'stderr'] as const) {
      this.child[stream]!.setEncoding('utf8').on('data', (text: string) => this.log.add(stream, text));
    }
    this.child.stdin!.end();
    const end = (exitCode: number, reason: string, message?: string) => {
      this.log.end();
      const times = { startedAt: this.startedAt, finishedAt: now() };
      this.terminated ??= { exitCode, reason, ...(message === undefined ? {} : { message }), ...times };
      onEnd();
    };
    this.child.on('error', (error) => end(128, 'StartError', `failed to create containerd task: ${error.message}`));
    // A container ends with its first process.
    this.child.on('exit', () => this.signal('SIGKILL'));
    this.child.on('close', (code, signal) => {
      const exitCode = code ?? 128 + (signal === 'SIGTERM' ? 15 : 9);
      end(exitCode, this.wasOutOfMemory ? 'OOMKilled' : exitCode === 0 ? 'Completed' : 'Error');
    });
  }

  killForMemory(): void {
    this.wasOutOfMemory = true;
    this.signal('SIGKILL');
  }

  signal(signal: NodeJS.Signals): void {
    try {
      if (this.child.pid !== undefined) process.kill(-this.child.pid, signal);
    } catch {
      // It has ended.
    }
  }
}

/** `$(NAME)` of what is known, `$$(` as it is meant. */
function expanded(text: string, env: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\$\$|\$\((\w+)\)/g, (whole, name?: string) =>
    whole === '$$' ? '$' : (env[name ?? ''] ?? whole),
  );
}

export function environmentOf(
  image: Readonly<Record<string, string>>,
  variables: readonly { name: string; value: string }[],
): Record<string, string> {
  const env = { ...image };
  for (const { name, value } of variables) env[name] = expanded(value, env);
  return env;
}
