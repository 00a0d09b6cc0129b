/** How a person looks into a run with Temporal's own tools: the UI's address and commands to paste. */
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { shellWord } from '../../domain/command/shell-word.js';
import { engineWorkflowId } from '../../domain/run/naming.js';
import type { TemporalTarget } from '../../worker/connection.js';
import { findTemporal } from '../../worker/server/find-temporal.js';

/** As the person's shell finds it, else by the path of the one that this program uses. */
export async function temporalCommand(env: NodeJS.ProcessEnv = process.env): Promise<string> {
  const folders = (env.PATH ?? '').split(delimiter).filter(Boolean);
  if (folders.some((folder) => existsSync(join(folder, 'temporal')))) return 'temporal';
  return shellWord(await findTemporal(env).catch(() => 'temporal'));
}

/** `temporal`: how the command is called here. */
export function inspectionLines(
  target: Pick<TemporalTarget, 'address' | 'namespace' | 'uiAddress'>,
  run: string,
  temporal: string,
): string[] {
  const id = engineWorkflowId(run);
  const at = `--address ${target.address}${target.namespace === 'default' ? '' : ` --namespace ${target.namespace}`}`;
  const ui =
    target.uiAddress && `${target.uiAddress}/namespaces/${target.namespace}/workflows/${encodeURIComponent(id)}`;
  return [
    ...(ui ? [`Temporal UI: ${ui}`] : []),
    'look into it with:',
    `  ${temporal} workflow list ${at} --query 'WorkflowId STARTS_WITH "${id}"'`,
    `  ${temporal} workflow show ${at} -w ${id}`,
    `  ${temporal} workflow query ${at} -w ${id} --type status`,
    `  ${temporal} workflow signal ${at} -w ${id} --name reprioritize --input '{"node_id":"001_mtp","priority":-2000}'`,
  ];
}
