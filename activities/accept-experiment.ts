/**
 * A person's own experiment: checked against the same rules as a plan's, then written where only the owner can write.
 * Code, and commands beyond flags, are taken only from one that its sender has put into the workdir: anybody on the
 * host may be able to send a message, and only the owner writes there.
 */
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { FileEditSchema } from '../domain/formats/agent-replies.js';
import { SpecSchema } from '../domain/formats/spec.js';
import { readJsonIfAny } from './atomic-file.js';
import type { Activities } from './contract.js';
import { specsOf } from './history.js';
import { judgeProposal } from './proposals.js';
import { ownRun, type RunContext } from './run-context.js';
import type { RunLog } from './run-log.js';
import { writeRequest } from './spec-store.js';

/** It becomes a file's name. */
const REQUEST_ID = /^[A-Za-z0-9_-]{1,64}$/;
const RequestSchema = SpecSchema.and(z.looseObject({ edits: z.array(FileEditSchema).optional() }));

export function makeAcceptExperiment(deps: { context: RunContext; runLog: RunLog }): Activities['acceptExperiment'] {
  const { context, runLog } = deps;
  const { workdir, config } = context;
  return async (input) => {
    ownRun(context, input);
    const { request } = input;
    if (!REQUEST_ID.test(String(request)))
      return {
        accepted: false,
        reason: `request must be 1 to 64 letters, digits, - or _, not ${JSON.stringify(request)}`,
      };
    const isOwners = isDeepStrictEqual(await readJsonIfAny(workdir.offer(request)), input.experiment);
    const parsed = RequestSchema.safeParse(input.experiment);
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      return { accepted: false, reason: `experiment.${issue?.path.join('.') || 'value'}: ${issue?.message}` };
    }
    const spec = parsed.data;
    if (spec.edits !== undefined && !isOwners)
      return {
        accepted: false,
        reason: 'experiment.edits: a message cannot carry code; send them with `autoresearch add --patch`',
      };
    if (spec.edits && spec.edits.length > 0 && spec.changes.length === 0) spec.changes = [`edits of ${request}`];
    if (spec.changes.length === 0 && spec.description !== '' && spec.launch_command === '')
      spec.changes = [spec.description];
    const record = await runLog.record();
    const specs = await specsOf(workdir, config, record);
    const commands = new Map([...specs].map(([nodeId, known]) => [nodeId, known.launch_command]));
    const rules = {
      state: record.state,
      baseCommand: config.base_launch_command,
      commands,
      gpuCount: null,
      allowCommands: isOwners && config.allow_agent_commands,
    };
    const judged = judgeProposal(spec, rules);
    if (!judged.ok) return { accepted: false, reason: judged.reason };
    const known = await readJsonIfAny(workdir.request(request));
    if (known !== null && !isDeepStrictEqual(known, JSON.parse(JSON.stringify(spec))))
      return { accepted: false, reason: `request ${request} was made before, for another experiment` };
    await writeRequest(workdir, request, spec);
    return { accepted: true, experiment: { ...judged.identity, kind: 'user', request } };
  };
}
