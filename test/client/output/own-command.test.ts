/** Hints name the command as the person can call it. */
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { ownCommand, withOwnCommand } from '../../../client/output/own-command.js';
import { inspectionLines, temporalCommand } from '../../../client/run/inspection.js';

async function folderWith(name: string, ...below: string[]): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'autoresearch-path-'));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  const folder = join(root, ...below);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, name), '#!/bin/sh\n');
  await chmod(join(folder, name), 0o755);
  return folder;
}

it('is the bare name where a shell finds it, and npx in a checkout where only npm does', async () => {
  const mine = await folderWith('autoresearch');
  const ofNpm = await folderWith('autoresearch', 'node_modules', '.bin');
  expect(ownCommand({ PATH: mine }, true)).toBe('autoresearch');
  expect(ownCommand({ PATH: ofNpm }, true)).toBe('npx autoresearch');
  expect(ownCommand({ PATH: '' }, true)).toBe('npx autoresearch');
  expect(ownCommand({ PATH: '' }, false)).toBe('autoresearch');
  const hint = 'show the change: autoresearch diff /w\nreport: /w/autoresearch notes';
  expect(withOwnCommand(hint, 'npx autoresearch')).toBe(hint.replace(': autoresearch diff', ': npx autoresearch diff'));
});

it('looks into a run with the temporal command that is there', async () => {
  const folder = await folderWith('temporal');
  expect(await temporalCommand({ PATH: folder })).toBe('temporal');
  const program = join(folder, 'temporal');
  expect(await temporalCommand({ PATH: '', TEMPORAL_CLI: program })).toBe(program);
  const target = { address: 'h:1', namespace: 'default', uiAddress: null };
  expect(inspectionLines(target, 'r', program)[1]).toContain(`  ${program} workflow list --address h:1`);
});
