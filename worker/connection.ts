/**
 * Which Temporal server a workdir uses: the one that the environment or a profile configures, else its own. This is the
 * client's side, and quick to load: the worker's (native) connection has a file of its own.
 */
import { Client, type ClientOptions, Connection } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import type { NativeConnectionOptions } from '@temporalio/worker';
import { BadSetting } from '../host/bad-setting.js';
import type { Workdir } from '../workdir/paths.js';
import { makeDataConverter } from './encryption/data-converter.js';
import { type EnsureOptions, ensureServer, runningServer, type ServerRecord } from './server/embedded-server.js';
import { EMBEDDED_NAMESPACE } from './server/server-ready.js';

export interface TemporalTarget {
  kind: 'embedded' | 'configured';
  address: string;
  namespace: string;
  /** Null when the UI of a configured server is not known. */
  uiAddress: string | null;
  /** What both kinds of connection are opened with: address, TLS, API key, metadata. Holds secrets. */
  clientOptions: Pick<NativeConnectionOptions, 'address' | 'tls' | 'apiKey' | 'metadata'>;
}

/** With no address configured the workdir's own server is started, unless it runs already. */
export async function resolveConnection(
  workdir: Workdir,
  env: NodeJS.ProcessEnv = process.env,
  how: EnsureOptions = {},
): Promise<TemporalTarget> {
  return configuredTarget(env) ?? embedded(await ensureServer(workdir, how));
}

/** As resolveConnection, but starts nothing: null when the workdir's own server is not running. */
export async function findConnection(
  workdir: Workdir,
  env: NodeJS.ProcessEnv = process.env,
): Promise<TemporalTarget | null> {
  const configured = configuredTarget(env);
  if (configured) return configured;
  const record = await runningServer(workdir);
  return record === null ? null : embedded(record);
}

/**
 * TEMPORAL_ADDRESS and its kin, over the profile (TEMPORAL_PROFILE, else `default`) of Temporal's own settings file.
 */
export function configuredTarget(env: NodeJS.ProcessEnv = process.env): TemporalTarget | null {
  const { connectionOptions, namespace } = loadProfile(env);
  const { address, tls, apiKey, metadata } = connectionOptions;
  if (!address) return null;
  return {
    kind: 'configured',
    address,
    namespace: namespace ?? 'default',
    uiAddress: null,
    clientOptions: {
      address,
      ...(tls === undefined || tls === null ? {} : { tls }),
      ...(apiKey === undefined ? {} : { apiKey }),
      ...(metadata === undefined ? {} : { metadata }),
    },
  };
}

function loadProfile(env: NodeJS.ProcessEnv) {
  // An empty variable counts as unset, but for metadata, where it removes a key.
  const isSet = (entry: [string, string | undefined]): entry is [string, string] =>
    entry[1] !== undefined && (entry[1] !== '' || entry[0].startsWith('TEMPORAL_GRPC_META_'));
  const overrideEnvVars = Object.fromEntries(Object.entries(env).filter(isSet));
  try {
    return loadClientConnectConfig({ overrideEnvVars });
  } catch (error) {
    // The loader stumbles over a file that holds no profile, which configures nothing.
    if (error instanceof TypeError && !env.TEMPORAL_PROFILE) {
      return loadClientConnectConfig({ overrideEnvVars, disableFile: true });
    }
    throw new BadSetting(
      `the Temporal settings (TEMPORAL_* variables, TEMPORAL_CONFIG_FILE or temporal.toml) cannot be read: ${(error as Error).message}`,
    );
  }
}

function embedded({ address, ui_address }: ServerRecord): TemporalTarget {
  return {
    kind: 'embedded',
    address,
    namespace: EMBEDDED_NAMESPACE,
    uiAddress: ui_address,
    clientOptions: { address },
  };
}

/** Whoever opens it closes its `connection`. */
export async function openClient(
  target: TemporalTarget,
  interceptors: ClientOptions['interceptors'] = {},
): Promise<Client> {
  const connection = await connect(target);
  return new Client({ connection, namespace: target.namespace, dataConverter: makeDataConverter(), interceptors });
}

async function connect(target: TemporalTarget): Promise<Connection> {
  try {
    return await Connection.connect({ ...target.clientOptions, connectTimeout: CONNECT_TIMEOUT_MS });
  } catch (error) {
    const why = target.kind === 'configured' ? 'configured by TEMPORAL_* or a profile' : "the workdir's own";
    throw new Error(`no answer from the Temporal server at ${target.address} (${why}): ${(error as Error).message}`, {
      cause: error,
    });
  }
}

/** A person waits for this; a server across the world answers in one. */
const CONNECT_TIMEOUT_MS = 5_000;
