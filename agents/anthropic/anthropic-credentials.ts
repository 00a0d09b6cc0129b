/** Whether the Anthropic API can be called: a key in ANTHROPIC_API_KEY, or a profile that the SDK finds by itself. */
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

export function hasAnthropicCredentials(env: NodeJS.ProcessEnv): boolean {
  if (env.ANTHROPIC_API_KEY || env.ANTHROPIC_AUTH_TOKEN || env.ANTHROPIC_PROFILE) return true;
  if (env.ANTHROPIC_FEDERATION_RULE_ID && env.ANTHROPIC_ORGANIZATION_ID) return true;
  return existsSync(join(configFolder(env), 'configs', `${activeProfile(env)}.json`));
}

function configFolder(env: NodeJS.ProcessEnv): string {
  if (env.ANTHROPIC_CONFIG_DIR) return env.ANTHROPIC_CONFIG_DIR;
  return join(env.XDG_CONFIG_HOME || join(env.HOME || homedir(), '.config'), 'anthropic');
}

function activeProfile(env: NodeJS.ProcessEnv): string {
  try {
    return readFileSync(join(configFolder(env), 'active_config'), 'utf8').trim() || 'default';
  } catch {
    return 'default';
  }
}
