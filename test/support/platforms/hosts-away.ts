/** A platform of commands whose jobs run where nothing of ours is seen (test/fixtures/platforms/away). */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { shellWord } from '../../../domain/command/shell-word.js';
import { packageFile } from '../../../host/package-files.js';

/** Why there are no such hosts here, or null. */
export const noHostsAwayBecause = await execa('unshare', [
  ...['--user', '--map-root-user', '--mount', 'sh', '-c', 'mount -t tmpfs none /mnt'],
]).then(
  () => null,
  (error: Error) => `unshare and tmpfs: ${error.message.split('\n')[1] ?? error.message}`,
);

/** Gives the path of the file of commands. `hides`: folders that jobs do not see, beside the probe's. */
export async function awayPlatform(folder: string, hides: readonly string[]): Promise<string> {
  const spool = join(folder, 'spool');
  await mkdir(spool, { recursive: true });
  const hidden = [...hides, packageFile('probe')].join(' ');
  const away = `AWAY_SPOOL=${shellWord(spool)} AWAY_HIDES=${shellWord(hidden)} ${shellWord(packageFile('test', 'fixtures', 'platforms', 'away', 'away'))}`;
  const path = join(folder, 'away.json');
  const templates = {
    name: 'away',
    submit: `${away} submit {name} {bundle} {command}`,
    id: '^(\\d+)$',
    find: `${away} find {name}`,
    find_id: '^(\\d+)$',
    states: `${away} states {ids}`,
    state: '^(?<id>\\d+) (?<state>\\w+)(?: (?<code>-?\\d+))?$',
    table: { running: 'running', ended: 'exit' },
    logs: `${away} logs {id} {cursor}`,
    cancel: `${away} cancel {id}`,
  };
  await writeFile(path, JSON.stringify(templates, null, 2));
  return path;
}
