/** A full disk, told as that: what fails by it says ENOSPC, that a database cannot be opened, or less. */
import { dirname } from 'node:path';
import { saysDiskIsFull, shortOfRoom } from '../../host/disk-room.js';

/** Runs `act`, which writes to the workdir; an error that a full disk explains begins with that, and what to do. */
export async function namingFullDisk<T>(workdir: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    const { name = '', message = String(error) } = error instanceof Error ? error : {};
    const short = await roomAt(workdir);
    const isOfDisk = saysDiskIsFull(error) || (short !== null && name === 'ServerEnded');
    if (!isOfDisk || message.startsWith(FULL)) throw error;
    const room = short ?? `nothing more could be written for ${workdir}`;
    throw new Error(`${FULL} (${room}): make room, then give the command again; nothing is lost. It said: ${message}`, {
      cause: error,
    });
  }
}

const FULL = 'the disk is full';

/** The folder itself may not be made yet. */
async function roomAt(folder: string): Promise<string | null> {
  for (let at = folder; ; at = dirname(at)) {
    const short = await shortOfRoom(at);
    if (short !== null || at === dirname(at)) return short;
  }
}
