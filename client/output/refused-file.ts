/** A file of the workdir that does not fit, as a person is told of it. */
import { InvalidFile } from '../../workdir/checked-file.js';
import { Refusal } from './refusal.js';

/** Runs `act`; an InvalidFile becomes a Refusal. */
export async function refusingFiles<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof InvalidFile) throw new Refusal(error.field, error.value, error.advice);
    throw error;
  }
}
