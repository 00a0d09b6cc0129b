/** What `run` and `start` have alike: their flags and the text under their help. `worker` has one of the flags. */
import type { FlagDefinition } from '../command-definition.js';
import { RUN_FLAGS } from './run-flags.js';

export const TAKE_OVER: FlagDefinition = {
  flags: '--take-over',
  help: 'go on from the event log here, whichever Temporal server the run was on before (only when no engine works there any more); also ends an engine here that is stuck',
};

export const START_FLAGS: readonly FlagDefinition[] = [...RUN_FLAGS, TAKE_OVER];

export const HOW_TO_START = `A first run needs --pipeline-script, --source-dir and --base-launch-command. With the workdir alone, a run
goes on where it was; its limits, --notes, --knowledge, --model, --effort and --agent-command may be given anew, its other
flags are fixed. \`none\` lifts a limit that has no default.`;
