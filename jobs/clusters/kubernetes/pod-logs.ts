/**
 * What the pods of a run print. A running one is followed by one long request, so that a look at its log costs the
 * server nothing; whoever comes after this process goes on from the cursor.
 */
import type { IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { isSchedulerBusy, type PrintedSince, SchedulerBusy } from '../scheduler.js';
import { type KubeApi, KubeRefusal } from './kube-api.js';
import { LogLines, readCursor, sinceTime } from './log-lines.js';

/** A look waits so long for the first part of a log that was not followed yet … */
const FIRST_PART_MS = 500;
/** … and for the rest of one whose container has ended: a long log takes its time. */
const TO_THE_END_MS = 20_000;
/** Nobody takes what is printed faster: the server keeps it. */
const MOST_WAITING = 16 * 1024 * 1024;
/** Looks at a log whose host does not answer; then the log is lost, and the end of the job is told without. */
const MOST_TRIES = 5;

export interface PodPlace {
  namespace: string;
  name: string;
  uid: string;
  container: string;
  /** Unix milliseconds; null while it may print more. */
  endedAtMs: number | null;
  /** When the server was asked for the state of which this is, Unix milliseconds. */
  askedAtMs: number;
}

interface Followed {
  uid: string;
  lines: LogLines;
  response: IncomingMessage | null;
  /** As whoever asked was told last: another cursor begins anew. */
  told: string | null;
  endedAtMs: number | null;
  isBroken: boolean;
  changed: Promise<void>;
}

export class PodLogs {
  private readonly followed = new Map<string, Followed>();
  private readonly silent = new Map<string, number>();

  constructor(private readonly api: Pick<KubeApi, 'read'>) {}

  async since(id: string, pod: PodPlace, cursor: string | null): Promise<PrintedSince> {
    const known = this.followed.get(id);
    const isSame = known !== undefined && known.uid === pod.uid && known.told === cursor;
    const goesOn = isSame && !known.isBroken && (known.endedAtMs === null || isBelieved(known.endedAtMs, pod));
    if (known !== undefined && !goesOn) this.forget(id);
    let log = goesOn ? known : null;
    if (log === null) {
      log = await this.follow(id, pod, cursor).catch((error: unknown) => this.withoutHost(id, pod, error));
      if (log === null) return { stdout: '', stderr: '', cursor: cursor ?? JSON.stringify(readCursor(null, pod.uid)) };
      await settled(log, pod.endedAtMs === null ? FIRST_PART_MS : TO_THE_END_MS);
    } else if (pod.endedAtMs !== null) await settled(log, TO_THE_END_MS);
    this.silent.delete(id);
    const { text, cursor: next } = log.lines.take();
    log.told = next;
    log.response?.resume();
    return { stdout: text, stderr: '', cursor: next };
  }

  forget(id: string): void {
    this.followed.get(id)?.response?.destroy();
    this.followed.delete(id);
  }

  private async follow(id: string, pod: PodPlace, cursor: string | null): Promise<Followed> {
    const from = readCursor(cursor, pod.uid);
    const since = sinceTime(from);
    const response = await this.api.read({
      path: `/api/v1/namespaces/${pod.namespace}/pods/${pod.name}/log`,
      query: {
        container: pod.container,
        timestamps: 'true',
        follow: String(pod.endedAtMs === null),
        ...(since === null ? {} : { sinceTime: since }),
      },
    });
    const log: Followed = {
      uid: pod.uid,
      lines: new LogLines(from),
      response,
      told: cursor,
      endedAtMs: null,
      isBroken: false,
      changed: Promise.resolve(),
    };
    log.changed = new Promise((resolve) => {
      response.setEncoding('utf8');
      response.on('data', (text: string) => {
        log.lines.add(text);
        if (log.lines.waiting > MOST_WAITING) response.pause();
      });
      response.on('end', () => {
        log.endedAtMs = Date.now();
        log.lines.end();
      });
      response.on('error', () => {
        log.isBroken = true;
      });
      response.on('close', () => {
        log.isBroken ||= log.endedAtMs === null;
        log.response = null;
        resolve();
      });
    });
    this.followed.set(id, log);
    return log;
  }

  /** Null: nothing is there to be read. Throws a SchedulerBusy where it may be later. */
  private withoutHost(id: string, pod: PodPlace, error: unknown): null {
    if (isSchedulerBusy(error) || !(error instanceof KubeRefusal)) throw error;
    // 400: the container has not begun, or is gone; 404: the pod is.
    if (error.code !== 500) {
      if (error.code === 400 || error.code === 404) return null;
      throw error;
    }
    const tries = (this.silent.get(id) ?? 0) + 1;
    this.silent.set(id, tries);
    // While the job runs, whatever is not read now is read later.
    if (pod.endedAtMs === null || tries > MOST_TRIES) return null;
    throw new SchedulerBusy(`Kubernetes: the log of pod ${pod.name} cannot be read: ${error.message}`);
  }
}

/**
 * A log that ended after its pod's state was asked for is not asked for again: that the container ran then says nothing
 * of its end since, of which the next state tells. A connection that was cut while the container went on has not shown
 * everything.
 */
function isBelieved(logEndedAtMs: number, { endedAtMs, askedAtMs }: PodPlace): boolean {
  return logEndedAtMs >= askedAtMs || (endedAtMs !== null && logEndedAtMs >= endedAtMs);
}

async function settled({ changed }: Followed, mostMs: number): Promise<void> {
  const given = new AbortController();
  await Promise.race([changed, sleep(mostMs, undefined, { signal: given.signal }).catch(() => {})]);
  given.abort();
}
