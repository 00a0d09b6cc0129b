/** Asks the Messages API, free of charge, whether it takes the key of the environment. */

/** A person waits for it: an API that is far, slow or down is found out by the first call, which tries again. */
const PATIENCE_MS = 800;
const API = 'https://api.anthropic.com';
const API_VERSION = '2023-06-01';
/** No such key, or one that was closed. Another status says nothing about the key. */
const REFUSED: readonly number[] = [401];

/**
 * The answer that refuses it; null when it is taken, when nobody can be asked now, and for credentials that are no key.
 */
export async function refusedKey(env: NodeJS.ProcessEnv): Promise<string | null> {
  const { ANTHROPIC_API_KEY: key, ANTHROPIC_BASE_URL: base } = env;
  if (!key) return null;
  try {
    const response = await fetch(`${(base || API).replace(/\/+$/, '')}/v1/models?limit=1`, {
      headers: { 'x-api-key': key, 'anthropic-version': API_VERSION },
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    const refused = REFUSED.includes(response.status);
    await response.body?.cancel();
    return refused ? `status ${response.status}` : null;
  } catch {
    return null;
  }
}
