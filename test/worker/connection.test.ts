import { writeFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { configuredTarget, findConnection, openClient, resolveConnection } from '../../worker/connection.js';
import { serverRecord } from '../../worker/server/embedded-server.js';
import { temporalWorkdir } from '../support/temporal-workdir.js';

/** No file of the person who runs the tests. */
const nothing = { TEMPORAL_CONFIG_FILE: '/dev/null' };

test('without an address the workdir gets a server of its own, and a client of it works', async () => {
  const workdir = await temporalWorkdir();
  expect(await findConnection(workdir, nothing)).toBeNull();
  const target = await resolveConnection(workdir, nothing);
  const record = await serverRecord(workdir);
  expect(target).toEqual({
    kind: 'embedded',
    address: record?.address,
    namespace: 'default',
    uiAddress: record?.ui_address,
    clientOptions: { address: record?.address },
  });
  expect(await findConnection(workdir, nothing)).toEqual(target);
  const client = await openClient(target);
  const { namespaces } = await client.workflowService.listNamespaces({});
  expect(namespaces.map(({ namespaceInfo }) => namespaceInfo?.name)).toContain('default');
  await client.connection.close();
});

test('with an address configured no server is started', async () => {
  const workdir = await temporalWorkdir();
  const env = { ...nothing, TEMPORAL_ADDRESS: 'temporal.example:7233', TEMPORAL_NAMESPACE: 'research' };
  const target = await resolveConnection(workdir, env);
  expect(target).toMatchObject({ kind: 'configured', address: 'temporal.example:7233', namespace: 'research' });
  expect(await serverRecord(workdir)).toBeNull();
});

test('a configured server that does not answer is named in the error', async () => {
  const target = configuredTarget({ ...nothing, TEMPORAL_ADDRESS: '127.0.0.1:1' });
  await expect(openClient(target!)).rejects.toThrow('the Temporal server at 127.0.0.1:1 (configured by TEMPORAL_*');
}, 30_000);

describe('configuredTarget', () => {
  test.each([
    ['nothing', {}, null],
    ['an empty address', { TEMPORAL_ADDRESS: '' }, null],
    ['a namespace alone', { TEMPORAL_NAMESPACE: 'research' }, null],
    ['an address', { TEMPORAL_ADDRESS: 'a:1' }, { namespace: 'default', clientOptions: { address: 'a:1' } }],
    [
      'an API key, which implies TLS',
      { TEMPORAL_ADDRESS: 'a:1', TEMPORAL_API_KEY: 'k' },
      { clientOptions: { address: 'a:1', apiKey: 'k', tls: true } },
    ],
    [
      'TLS data',
      { TEMPORAL_ADDRESS: 'a:1', TEMPORAL_TLS_SERVER_CA_CERT_DATA: 'ca', TEMPORAL_TLS_SERVER_NAME: 'cluster' },
      {
        clientOptions: {
          tls: { serverNameOverride: 'cluster', serverRootCACertificate: new TextEncoder().encode('ca') },
        },
      },
    ],
  ])('%s', (_name, env, expected) => {
    const target = configuredTarget({ ...nothing, ...env });
    if (expected === null) expect(target).toBeNull();
    else expect(target).toMatchObject(expected);
  });

  test('a profile of a settings file', async () => {
    const workdir = await temporalWorkdir();
    const file = workdir.at('temporal.toml');
    await writeFile(file, '[profile.prod]\naddress = "prod:7233"\nnamespace = "ml"\napi_key = "k"\n');
    expect(configuredTarget({ TEMPORAL_CONFIG_FILE: file })).toBeNull();
    const target = configuredTarget({ TEMPORAL_CONFIG_FILE: file, TEMPORAL_PROFILE: 'prod' });
    expect(target).toMatchObject({ address: 'prod:7233', namespace: 'ml', clientOptions: { apiKey: 'k', tls: true } });
    const unknown = () => configuredTarget({ TEMPORAL_CONFIG_FILE: file, TEMPORAL_PROFILE: 'test' });
    expect(unknown).toThrow(/Temporal settings .*'test' not found/);
  });
});
