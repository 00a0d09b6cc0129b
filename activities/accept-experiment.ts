/** A person's own experiment: checked against the same rules as a plan's, then written where only the owner can write. */
import { z } from 'zod';
import { FileEditSchema } from '../domain/formats/agent-replies.js';
import { SpecSchema } from '../domain/formats/spec.js';
import type { Activities } from './contract.js';
import { specsOf } from './history.js';
import { judgeProposal } from './proposals.js';
import { ownRun, type RunContext } from './run-context.js';
import type { RunLog } from './run-log.js';
import { writeRequest } from './spec-store.js';

const RequestSchema = SpecSchema.and(z.looseObject({ edits: z.array(FileEditSchema).optional() }));

export function makeAcceptExperiment(deps: { context: RunContext; runLog: RunLog }): Activities['acceptExperiment'] {
  const { context, runLog } = deps;
  const { workdir, config } = context;
  return async (input) => {
    ownRun(context, input);
    const parsed = RequestSchema.safeParse(input.experiment);
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      return { accepted: false, reason: `experiment.${issue?.path.join('.') || 'value'}: ${issue?.message}` };
    }
    const spec = parsed.data;
    if (spec.edits && spec.edits.length > 0 && spec.changes.length === 0) spec.changes = [`edits of ${input.request}`];
    if (spec.changes.length === 0 && spec.description !== '' && spec.launch_command === '')
      spec.changes = [spec.description];
    const record = await runLog.record();
    const specs = await specsOf(workdir, config, record);
    const commands = new Map([...specs].map(([nodeId, known]) => [nodeId, known.launch_command]));
    const rules = { state: record.state, baseCommand: config.base_launch_command, commands, gpuCount: null };
    const judged = judgeProposal(spec, rules);
    if (!judged.ok) return { accepted: false, reason: judged.reason };
    await writeRequest(workdir, input.request, spec);
    return { accepted: true, experiment: { ...judged.identity, kind: 'user', request: input.request } };
  };
}
