/** Installs the SDK's runtime once a process: its log goes to the workdir's file and nothing to the terminal. */
import { SdkComponent } from '@temporalio/common';
import { type Logger, type LogLevel, type LogMetadata, Runtime } from '@temporalio/worker';
import type { Workdir } from '../workdir/paths.js';
import { makeLogger } from './workdir-log.js';

let installed = false;

/** The first workdir of a process gets the messages of the SDK, whichever run they concern. */
export function installRuntime(workdir: Workdir): void {
  if (installed) return;
  installed = true;
  Runtime.install({
    logger: new FileLogger(workdir),
    // The core warns of every lost poll at INFO; what matters to a reader of the file is WARN.
    telemetryOptions: { logging: { filter: { core: 'WARN', other: 'ERROR' }, forward: {} } },
    // Signals are the program's: it interrupts the run before it shuts the worker down.
    shutdownSignals: [],
  });
}

const RANK: Record<LogLevel, number> = { TRACE: 0, DEBUG: 1, INFO: 2, WARN: 3, ERROR: 4 };
const PINO_LEVEL = { TRACE: 'trace', DEBUG: 'debug', INFO: 'info', WARN: 'warn', ERROR: 'error' } as const;

class FileLogger implements Logger {
  readonly #pino: ReturnType<typeof makeLogger>;

  constructor(workdir: Workdir) {
    this.#pino = makeLogger(workdir);
  }

  log(level: LogLevel, message: string, meta: LogMetadata = {}): void {
    const ours = meta.sdkComponent === SdkComponent.workflow || meta.sdkComponent === SdkComponent.activity;
    if (RANK[level] < RANK[ours ? 'INFO' : 'WARN']) return;
    this.#pino[PINO_LEVEL[level]]({ ...meta }, message);
  }
  trace(message: string, meta?: LogMetadata) {
    this.log('TRACE', message, meta);
  }
  debug(message: string, meta?: LogMetadata) {
    this.log('DEBUG', message, meta);
  }
  info(message: string, meta?: LogMetadata) {
    this.log('INFO', message, meta);
  }
  warn(message: string, meta?: LogMetadata) {
    this.log('WARN', message, meta);
  }
  error(message: string, meta?: LogMetadata) {
    this.log('ERROR', message, meta);
  }
}
