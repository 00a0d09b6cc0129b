/** What a server said before it ended: the reason first, and none of Go's traces, which are longer than any reason. */

/** Characters; the log has the rest. */
const MOST = 1_000;
/** Another program, or another server's own choice, took a port between its choice and its use. */
const PORT_LOST = /address already in use/;

/**
 * `log` is all that this server wrote. A line that says why it panicked, or else the last ones, stand first: a panic is
 * often a consequence of what the lines before it say.
 */
export function lastWords(log: string): string {
  const lines = withoutTraces(log.split('\n').map((line) => line.trimEnd()));
  const panicAt = lines.findIndex((line) => isPanic(line));
  if (panicAt === -1) return ends(lines);
  const [panic = '', before] = [lines[panicAt], lines.slice(0, panicAt)];
  return before.length === 0 ? panic.slice(0, MOST) : `${panic.slice(0, MOST)}\nbefore that: ${ends(before)}`;
}

/** Whether another choice of ports may help. The whole text is asked: the line about it may stand far from the end. */
export function isPortLost(log: string): boolean {
  return PORT_LOST.test(log);
}

/** A trace is what follows the first `goroutine 1 [running]:`; the process writes nothing else after it. */
function withoutTraces(lines: string[]): string[] {
  const traceAt = lines.findIndex((line) => /^goroutine \d+ .*\[.*\]:$/.test(line));
  const said = traceAt === -1 ? lines : lines.slice(0, traceAt);
  return said.filter((line) => line !== '' && !line.startsWith('[signal '));
}

function isPanic(line: string): boolean {
  return /^(panic|fatal error|runtime): /.test(line);
}

function ends(lines: string[]): string {
  const text = lines.join('\n');
  return text.length <= MOST ? text : `…${text.slice(-MOST)}`;
}
