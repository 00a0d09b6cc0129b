/**
 * A person's own experiment: checked against the same rules as a plan's, then written where only the owner can write.
 * Code, and commands beyond flags, are taken only from the offer that its sender has put into the workdir: anybody on
 * the host may be able to send a message, and only the owner writes there. Code need not travel in the message at all.
 */

import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { specsOf } from '../agents/run-history.js';
import { type FileEdit, FileEditSchema } from '../domain/formats/agent-replies.js';
import { experimentName, OWN_NAME, OWN_NAME_RULE, SpecSchema } from '../domain/formats/spec.js';
import { ownCodeText } from '../domain/proposals/change-set.js';
import { judgeProposal, startOf } from '../domain/proposals/proposals.js';
import type { Activities } from '../domain/protocol/activities.js';
import type { RunRecord } from '../domain/reports/run-record.js';
import type { ExperimentRow } from '../domain/run/experiment-record.js';
import { isRequestId, REQUEST_RULE } from '../domain/run/naming.js';
import { readJsonIfAny } from '../host/atomic-file.js';
import type { SourceControl } from '../source/control/source-control.js';
import { applyEdits, editableSource } from '../source/edits/apply-edits.js';
import { editsOfDiff } from '../source/edits/unified-diff.js';
import { KnownWork } from '../source/known-work.js';
import { targetPython } from '../source/target-python.js';
import type { RunLog } from '../workdir/event-log.js';
import type { RunContext } from '../workdir/run-context.js';
import { writeRequest } from '../workdir/spec-store.js';

const CODE_KEYS = ['edits', 'patch'] as const;
const RequestSchema = SpecSchema.extend({
  name: z.string().regex(OWN_NAME, OWN_NAME_RULE).transform(experimentName),
  edits: z.array(FileEditSchema).min(1).optional(),
  /** A unified diff; kept as the edits that it makes. */
  patch: z.string().optional(),
});
type Request = z.output<typeof RequestSchema>;

export function makeAcceptExperiment(deps: {
  context: RunContext;
  runLog: RunLog;
  sourceControl: SourceControl;
}): Activities['acceptExperiment'] {
  const { context, runLog, sourceControl } = deps;
  const { workdir, config } = context;
  const works = new KnownWork(deps);
  return async (input) => {
    const { request, experiment } = input;
    const refuse = (reason: string) => ({ accepted: false as const, reason });
    if (!isRequestId(request)) return refuse(`request must be ${REQUEST_RULE}, not ${JSON.stringify(request)}`);
    const offer = await readJsonIfAny(workdir.offer(request));
    const isOwners = isDeepStrictEqual(offer, experiment) || isDeepStrictEqual(withoutCode(offer), experiment);
    if (!isOwners && CODE_KEYS.some((key) => hasKey(experiment, key)))
      return refuse('experiment.edits: a message cannot carry code; send it with `autoresearch add --patch`');
    const parsed = RequestSchema.safeParse(isOwners ? offer : experiment);
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      return refuse(`experiment.${issue?.path.join('.') || 'value'}: ${issue?.message}`);
    }
    const { patch, ...spec } = parsed.data;
    const hasCode = (spec.edits ?? patch) !== undefined;
    if (!hasCode && spec.changes.length === 0 && spec.description !== '' && spec.launch_command === '')
      spec.changes = [spec.description];
    const { record, known } = await recordFor(request, input.throughSeq);
    if (known) return { accepted: true, known: known.nodeId };
    const specs = await specsOf(workdir, config, record);
    const commands = new Map([...specs].map(([nodeId, known]) => [nodeId, known.launch_command]));
    const rules = {
      state: record.state,
      baseCommand: config.base_launch_command,
      commands,
      gpuCount: null,
      isPersons: true,
      allowCommands: isOwners && config.allow_agent_commands,
      hasCode,
    };
    const start = startOf(spec.goto, record.state);
    const code: CheckedCode = start
      ? await checkedCode({ ...spec, patch }, start.commit ?? record.state.baseCommit)
      : { ok: true, made: null };
    if (!code.ok) return refuse(code.reason);
    delete spec.content_hash;
    if (code.made) {
      const { edits, content, paths } = code.made;
      Object.assign(spec, { edits, content_hash: content });
      if (spec.changes.length === 0)
        spec.changes = [ownCodeText(spec.change_summary || spec.description, paths, content)];
    }
    const judged = judgeProposal(spec, rules);
    if (!judged.ok) return refuse(judged.reason);
    const written = await readJsonIfAny(workdir.request(request));
    if (written !== null && !isDeepStrictEqual(written, JSON.parse(JSON.stringify(spec))))
      return refuse(`request ${request} was made before, for another experiment`);
    if (code.made) {
      const work = { content: code.made.content, command: spec.launch_command || config.base_launch_command };
      const original = await works.originalOf(record.state, work);
      if (original !== null) return refuse(`${original} has the same code and the same launch command`);
    }
    await writeRequest(workdir, request, spec);
    return { accepted: true, experiment: { ...judged.identity, kind: 'user', request } };
  };

  /**
   * What the log says after the newest event of the engine that asks is not that one's where it names the request
   * already: the engine was reset to before it added it.
   */
  async function recordFor(request: string, throughSeq = Number.POSITIVE_INFINITY) {
    const isOfRequest = ({ origin }: ExperimentRow) => origin.from === 'user' && origin.request === request;
    const addedIn = ({ state }: RunRecord) => Object.values(state.experiments).find(isOfRequest);
    const newest = await runLog.record();
    const known = addedIn(newest);
    if (known === undefined || known.seq <= throughSeq) return { record: newest, known };
    return { record: await runLog.recordThrough(throughSeq), known: undefined };
  }

  /** Code is held against the commit that it will change, so that its sender hears at once what does not fit. */
  async function checkedCode(
    { edits, patch }: Pick<Request, 'edits' | 'patch'>,
    commit: string | null,
  ): Promise<CheckedCode> {
    if (edits === undefined && patch === undefined) return { ok: true, made: null };
    if (edits !== undefined && patch !== undefined)
      return { ok: false, reason: 'experiment.patch: give either a patch or edits, not both' };
    if (commit === null) return { ok: false, reason: 'the run is not set up yet: there is no commit to change' };
    const source = await editableSource(sourceControl, commit);
    const given = edits === undefined ? await editsOfDiff(patch ?? '', source) : { ok: true as const, edits };
    if (!given.ok) return given;
    const outcome = await applyEdits(source, given.edits, { python: await targetPython(config) });
    if (!outcome.ok) return outcome;
    const content = await sourceControl.contentHashWith(commit, outcome.files);
    return { ok: true, made: { edits: given.edits, content, paths: [...outcome.files.keys()] } };
  }
}

type CheckedCode = { ok: true; made: OwnCode | null } | { ok: false; reason: string };

interface OwnCode {
  edits: FileEdit[];
  /** Content hash of the source with them. */
  content: string;
  /** Files that they change. */
  paths: string[];
}

function withoutCode(offer: unknown): unknown {
  if (typeof offer !== 'object' || offer === null) return offer;
  return Object.fromEntries(Object.entries(offer).filter(([key]) => !(CODE_KEYS as readonly string[]).includes(key)));
}

function hasKey(value: unknown, key: string): boolean {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key);
}
