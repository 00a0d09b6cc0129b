/** Which program of a launch command the shell of a job looks for on PATH first. */
import { calledPrograms } from './called-programs.js';

/** They change no PATH and define nothing, so that what stands behind them is looked for as if they were not there. */
const HARMLESS = new Set(['', ':', 'cd', 'echo', 'mkdir', 'set', 'true', 'ulimit', 'umask']);
/** They look for it on a PATH of their own. */
const OTHER_PATH = new Set(['sudo', 'doas']);

/** A function of the command's own. */
const DEFINES = /\(\s*\)/;
const PLAIN_NAME = /^[A-Za-z0-9_][\w.+-]*$/;

/** Null where that is not certain: it has a path, is a variable's value, or stands behind what may change PATH. */
export function lookedUpProgram(launchCommand: string): string | null {
  if (launchCommand.includes('||') || DEFINES.test(launchCommand)) return null;
  for (const { program, own, environment, through, place, within } of calledPrograms(launchCommand)) {
    if (place !== 'plain' || within !== undefined || own.specials.length > 0) return null;
    if (environment.some(({ value }) => !/^(?!PATH\+?=)[A-Za-z_]\w*=/.test(value))) return null;
    if (through.some((each) => OTHER_PATH.has(each)) || own.value.includes('/')) return null;
    if (!HARMLESS.has(program)) return PLAIN_NAME.test(program) ? program : null;
  }
  return null;
}
