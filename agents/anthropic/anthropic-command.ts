/** The program that makes a request to the Messages API: told on its standard input, it prints what comes back. */
import { packageFile } from '../../host/package-files.js';
import type { AgentProgram } from '../agent-process.js';

const CALL_PROCESS = packageFile('dist', 'agents', 'anthropic', 'anthropic-call.js');

export function anthropicCommand(): AgentProgram {
  return { command: process.execPath, flags: [CALL_PROCESS] };
}
