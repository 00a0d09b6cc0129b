/** What `doctor` says of the API server that a kubeconfig names. */
import { mkdtemp, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { clusters } from '../../../client/doctor/host-checks.js';
import { removeFolder } from '../../support/remove-folder.js';

it('tells the version of the API server, and why it does not answer', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'autoresearch-doctor-'));
  onTestFinished(() => removeFolder(folder));
  const server = createServer((_, response) => response.end(JSON.stringify({ gitVersion: 'v1.34.4' })));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const config = {
    ...{ apiVersion: 'v1', kind: 'Config', 'current-context': 'here' },
    clusters: [{ name: 'here', cluster: { server: `http://127.0.0.1:${port}`, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'me', user: { token: 'secret' } }],
    contexts: [{ name: 'here', context: { cluster: 'here', user: 'me' } }],
  };
  const path = join(folder, 'config');
  await writeFile(path, JSON.stringify(config));
  vi.stubEnv('KUBECONFIG', path);
  onTestFinished(() => void vi.unstubAllEnvs());
  const said = async () => JSON.stringify(await clusters());
  expect(await said()).toContain(`kubernetes (v1.34.4 at http://127.0.0.1:${port})`);
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  expect(await said()).toContain(`the API server of Kubernetes at 127.0.0.1:${port} cannot be reached`);
});
