/**
 * Where the end of a local activity stands among what else its workflow task brings: after all of it.
 *
 * One that outlasts its workflow task ends live in a turn of its own, once what the later task brought was acted on. A
 * replay delivers both in one turn: what follows from each would come mixed, and no worker could go on with that.
 */
import { condition } from '@temporalio/workflow';

/** Conditions that others wait for may open one another: each look lets all go on by one stage. No chain is as long. */
const LOOKS = 10;

/** Settles as the local activity does, once all else that came with its end has been acted on. */
export async function lastInTask<T>(localActivity: Promise<T>): Promise<T> {
  try {
    return await localActivity;
  } finally {
    for (let look = 0; look < LOOKS; look += 1) await nextLook();
  }
}

/** Conditions are looked at when nothing else is left to run. A new one is also looked at when it is made. */
async function nextLook(): Promise<void> {
  let isMade = false;
  await condition(() => {
    const holds = isMade;
    isMade = true;
    return holds;
  });
}
