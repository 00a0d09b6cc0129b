/**
 * Ends a dev server that was left behind: a shell of a few hundred kilobytes, a child of the server itself, outlives
 * the engine's kill -9 and looks now and then whether an engine shows itself (it renews its lock) or a browser has the
 * UI open. What the server held is in its database, and the next engine starts it again, so that ending one too early
 * loses nothing.
 */

export interface IdleRule {
  /** Between two looks, seconds. */
  everyS: number;
  /**
   * Looks in a row that see nobody until the server is ended. Looks, not time: a machine that slept saw nobody either.
   */
  looks: number;
}

/** Ten minutes: far longer than a worker needs to come back, and short for a process that nobody ends. */
export const DEFAULT_IDLE: IdleRule = { everyS: 20, looks: 30 };

/** The mark names the process that ended, for hosts that cannot see it. */
export const ENDED_MARK = 'temporal.ended';

/**
 * $1 the server's pid, $2 and $3 the rule, $4 the UI's port in hex as /proc/net/tcp has it; the working folder is
 * engine/. The parent is asked for, because a pid alone may have become another process's.
 */
const WATCH = `
me=$(exec /bin/sh -c 'echo $PPID')
idle=0
while sleep "$2"; do
  if [ -r /proc/self/stat ]; then read -r _ _ _ parent _ < /proc/$me/stat; else parent=$(ps -o ppid= -p "$me" | tr -d ' '); fi
  [ "$parent" = "$1" ] || exit 0
  if [ -n "$(find engine.lock -mmin -1 2>/dev/null)" ]; then idle=0
  elif grep -q "^ *[0-9]*: [0-9A-F]*:$4 [0-9A-F]*:[0-9A-F]* 01 " /proc/net/tcp 2>/dev/null; then idle=0
  else idle=$((idle + 1)); fi
  [ "$idle" -ge "$3" ] || continue
  echo "no engine has shown itself for $((idle * $2)) s: the server ends"
  echo "$1" > ${ENDED_MARK}
  kill -TERM "$1"
  exit 0
done`;

/**
 * Starts the watch as its child and becomes the server: same pid, same start time, a database that is its owner's
 * alone.
 */
const START = `umask 077; watch=$1 every=$2 looks=$3 ui=$4; shift 4
if [ "$looks" != 0 ]; then /bin/sh -c "$watch" autoresearch-idle-watch "$$" "$every" "$looks" "$ui" & fi
exec "$@"`;

/** Arguments of /bin/sh that start `command` under the rule; null lets the server run until it is ended. */
export function watchedCommand(command: readonly string[], uiPort: number, rule: IdleRule | null): string[] {
  const { everyS, looks } = rule ?? { everyS: 0, looks: 0 };
  const ui = uiPort.toString(16).toUpperCase().padStart(4, '0');
  return ['-c', START, 'sh', WATCH, String(everyS), String(looks), ui, ...command];
}
