/** The flags that a run gives the command of its agent. Each command has its own; those of another would be lost. */
import type { RunConfig } from '../../domain/formats/config.js';
import { Refusal } from '../output/refusal.js';

type WithFlags = Pick<RunConfig, 'claude_flags' | 'codex_flags'>;

export function commandFlags({ claude_flags, codex_flags }: WithFlags) {
  return [
    { agent: 'claude', name: '--claude-flags', flags: claude_flags },
    { agent: 'codex', name: '--codex-flags', flags: codex_flags },
  ];
}

/** Throws a Refusal where flags are given for a command that is not asked. */
export function checkCommandFlags(config: WithFlags & Pick<RunConfig, 'agent'>): void {
  const all = commandFlags(config);
  const own = all.find(({ agent }) => agent === config.agent);
  const lost = all.find(({ agent, flags }) => agent !== config.agent && flags.length > 0);
  if (lost === undefined) return;
  const instead =
    own === undefined ? 'leave it out' : `give ${own.name} (${own.name.slice(2).replace('-', '_')} in config.json)`;
  throw new Refusal(lost.name, lost.flags.join(' '), `${instead}: the agent of this run is ${config.agent}`);
}
