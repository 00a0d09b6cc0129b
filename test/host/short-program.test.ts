/** Programs that help for moments hear no Ctrl+C of ours, and what one is interrupted at is not called a failure. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { processIdentity } from '../../host/process-identity.js';
import { ProgramInterrupted, runApart } from '../../host/short-program.js';
import { git } from '../../source/control/git-command.js';
import { open, repository, temporaryFolder } from '../activities/source-fixture.js';
import { removeFolder } from '../support/remove-folder.js';

describe('a short program', () => {
  it('has a session of its own', async () => {
    const { stdout } = await runApart('bash', ['-c', 'ps -o sid=,pgid= -p $$; echo $$'], { stdin: 'ignore' });
    const [sid, pgid, pid] = stdout.split(/\s+/).filter(Boolean);
    expect([sid, pgid]).toEqual([pid, pid]);
  });

  it.each(['INT', 'TERM', 'HUP'])('that SIG%s ends was interrupted', async (signal) => {
    await expect(runApart('bash', ['-c', `kill -${signal} $$; sleep 5`], {})).rejects.toThrow(ProgramInterrupted);
  });

  it.each([129, 130, 131, 143])('whose shell tells of a signal by %i was interrupted', async (code) => {
    await expect(runApart('bash', ['-c', `exit ${code}`], {})).rejects.toThrow(ProgramInterrupted);
  });

  it('that ends by itself, or by its time limit, says how', async () => {
    expect(await runApart('bash', ['-c', 'exit 3'], {})).toMatchObject({ exitCode: 3, timedOut: false });
    expect(await runApart('sleep', ['60'], { timeout: 50 })).toMatchObject({ timedOut: true });
    expect(await runApart('no-such-program', [], {})).toMatchObject({ code: 'ENOENT', failed: true });
  });

  it('takes what it started with it when its time is over', async () => {
    const began = Date.now();
    const { stdout, timedOut } = await runApart('sh', ['-c', 'sleep 60 & echo $!; wait'], { timeout: 200 });
    expect(timedOut).toBe(true);
    expect(Date.now() - began).toBeLessThan(30_000);
    while ((await processIdentity(Number(stdout))) !== null) await sleep(20);
  });

  it('is what git runs as', async () => {
    const alias = 'alias.session=!ps -o sid=,pid= -p $PPID,$$; exit 0';
    const shown = await git(['session'], { config: [alias] });
    const own = (await readFile('/proc/self/stat', 'utf8')).split(' ')[5];
    const sessions = shown.split('\n').map((line) => line.trim().split(/\s+/)[0]);
    expect(sessions.length).toBeGreaterThan(0);
    expect(sessions).not.toContain(own);
  });

  it('ends with our process, whose second Ctrl+C leaves at once', async () => {
    const script = `
      const { runApart } = await import(${JSON.stringify(new URL('../../dist/host/short-program.js', import.meta.url).href)});
      void runApart('bash', ['-c', 'echo $$; sleep 600'], { stdout: ['inherit'] });
      process.stdin.once('data', () => process.exit(130));
    `;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    const pid = Number(line.toString().trim());
    expect(await processIdentity(pid)).not.toBeNull();
    const exit = once(child, 'exit');
    child.stdin.write('now');
    expect((await exit)[0]).toBe(130);
    while ((await processIdentity(pid)) !== null) await sleep(20);
  });
});

it('is no failure of the source when its git is ended while a run is set up', async () => {
  const folder = temporaryFolder();
  onTestFinished(() => removeFolder(folder));
  const code = await open(join(folder, 'workdir'), repository(join(folder, 'repo')));
  const { PATH = '' } = process.env;
  onTestFinished(() => {
    process.env.PATH = PATH;
  });
  const { stdout: real } = await runApart('bash', ['-c', 'command -v git'], {});
  const bin = join(folder, 'bin');
  await mkdir(bin);
  // As Ctrl+C found it: in the middle of the anchor.
  const text = `#!/bin/bash\ncase "$*" in *commit-tree*) kill -INT $$; sleep 5;; esac\nexec ${real} "$@"\n`;
  await writeFile(join(bin, 'git'), text, { mode: 0o755 });
  process.env.PATH = `${bin}:${PATH}`;
  await expect(code.anchor()).rejects.toThrow(ProgramInterrupted);
  process.env.PATH = PATH;
  expect(await code.anchor()).toMatch(/^[0-9a-f]{40}$/);
});
