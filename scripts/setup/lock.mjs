// One set-up at a time in a checkout: a lock file that its owner touches while it works.
import { mkdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { inTools, say, stopRunning } from './process.mjs';

const TOUCH_INTERVAL_MS = 1_000;
/** An owner that missed this many touches is gone: a machine can be too busy for one or two, hardly for twenty. */
const STALE_AFTER_MS = 20 * TOUCH_INTERVAL_MS;
const POLL_INTERVAL_MS = 200;

const lockFile = inTools('setup.lock');

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

function tryToTake() {
  mkdirSync(inTools(), { recursive: true });
  try {
    writeFileSync(lockFile, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}

/** Process id of the set-up at work, or undefined when the lock was left behind or has just been given up. */
function owner() {
  try {
    const pid = Number(readFileSync(lockFile, 'utf8'));
    const isFresh = Date.now() - statSync(lockFile).mtimeMs < STALE_AFTER_MS;
    // A lock without a number is one that is being written right now.
    return isFresh && (pid === 0 || isAlive(pid)) ? pid : undefined;
  } catch {
    return undefined;
  }
}

export async function withSetupLock(work) {
  let told = false;
  while (!tryToTake()) {
    const pid = owner();
    if (pid === undefined) rmSync(lockFile, { force: true });
    else {
      if (!told) say(`waiting for the set-up that process ${pid} is doing`);
      told = true;
      await new Promise((resolve) => setTimeout(resolve, POLL_INTERVAL_MS));
    }
  }
  const touch = setInterval(() => utimesSync(lockFile, new Date(), new Date()), TOUCH_INTERVAL_MS);
  const release = () => {
    clearInterval(touch);
    rmSync(lockFile, { force: true });
  };
  const leave = () => {
    stopRunning();
    release();
    process.exit(130);
  };
  process.once('SIGINT', leave).once('SIGTERM', leave);
  try {
    await work();
  } finally {
    release();
    process.off('SIGINT', leave).off('SIGTERM', leave);
  }
}
