/** Commands of the guides, copied as they are printed and run by a shell whose home holds a project. */
import { chmod, cp, mkdir, mkdtemp, readFile, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { expect } from 'vitest';
import { packageFile } from '../../../host/package-files.js';
import { removeFolder } from '../remove-folder.js';

/** The indented commands of a section, with the lines that go on. */
export function commandsOf(page: string, heading: string): string[] {
  const section = page.split(/^## /m).find((text) => text.startsWith(`${heading}\n`)) ?? '';
  const lines = section
    .replaceAll(/^```[\s\S]*?^```/gm, '')
    .split('\n')
    .filter((line) => line.startsWith('    '));
  return lines
    .join('\n')
    .replaceAll(/^ {4}/gm, '')
    .replaceAll(/\\\n/g, ' ')
    .split('\n')
    .filter((line) => line !== '');
}

export class ReadersHome {
  private constructor(
    readonly root: string,
    readonly env: Record<string, string>,
  ) {}

  /** With ~/project, and `autoresearch`, `python` and `claude` on PATH; `env` is of the cluster. */
  static async make(env: Record<string, string> = {}): Promise<ReadersHome> {
    const root = await mkdtemp(join(tmpdir(), 'autoresearch-home-'));
    const home = new ReadersHome(root, {
      HOME: root,
      PATH: [join(root, 'bin'), dirname(process.execPath), process.env.PATH].join(delimiter),
      AGENT_LEDGER: join(root, 'agent.jsonl'),
      AUTORESEARCH_SLOTS_DIR: join(root, 'slots'),
      ...env,
    });
    await cp(packageFile('test', 'fixtures', 'projects', 'knobs'), home.file('project'), { recursive: true });
    await mkdir(home.file('bin'));
    await home.link('claude', packageFile('test', 'fixtures', 'agents', 'scripted-claude.py'));
    const main = packageFile('dist', 'client', 'main.js');
    await home.program('python', 'exec python3 "$@"');
    await home.program('autoresearch', `exec '${process.execPath}' '${main}' "$@"`);
    return home;
  }

  file(...names: string[]): string {
    return join(this.root, ...names);
  }

  async link(name: string, to: string): Promise<void> {
    await symlink(to, this.file('bin', name));
  }

  async program(name: string, line: string): Promise<void> {
    await writeFile(this.file('bin', name), `#!/bin/sh\n${line}\n`);
    await chmod(this.file('bin', name), 0o755);
  }

  shell(command: string) {
    return execa('sh', ['-c', command], { cwd: this.root, env: this.env, reject: false, all: true });
  }

  /** A run as it is printed, until its first job has ended; Ctrl+C then leaves it open, as the page says. */
  async begin(command: string, workdir: string): Promise<void> {
    const run = this.shell(`exec ${command}`);
    let isOver = false;
    void run.then(() => {
      isOver = true;
    });
    const events = async () => await readFile(this.file(workdir, 'engine', 'events.jsonl'), 'utf8').catch(() => '');
    while (!/"experiment_completed"/.test(await events())) {
      if (isOver) throw new Error(`${command} ended before its first job had: ${(await run).all}`);
      await sleep(200);
    }
    run.kill('SIGINT');
    const { exitCode, all } = await run;
    expect(exitCode, all).toBe(130);
  }

  async remove(): Promise<void> {
    await removeFolder(this.root);
  }
}
