/** logs/autoresearch.log of a workdir: one JSON line a message, for people with a question and for `grep`. */
import { pino } from 'pino';
import type { Workdir } from '../workdir/paths.js';
import type { RunContext } from '../workdir/run-context.js';

export type WorkdirLog = RunContext['log'];

export function makeWorkdirLog(workdir: Workdir): WorkdirLog {
  const logger = makeLogger(workdir);
  return (message, fields) => logger.info(fields ?? {}, message);
}

/** Of lines for which there is no room; later ones are dropped. */
const KEPT_BYTES = 1024 * 1024;

/** Written synchronously, so that the last line before a crash is there too. */
export function makeLogger(workdir: Workdir) {
  const destination = pino.destination({
    dest: workdir.log,
    append: true,
    mkdir: true,
    sync: true,
    maxLength: KEPT_BYTES,
  });
  // A disk that is full must not end the run; what could not be written is kept, and comes with the next line that can
  // be.
  destination.on('error', () => undefined);
  const timestamp = () => `,"time":"${new Date().toISOString()}"`;
  return pino({ base: { pid: process.pid }, timestamp, formatters: { level: (level) => ({ level }) } }, destination);
}
