/**
 * What a job is called in Kubernetes, whose names and labels are narrower than ours: the same name always gives the
 * same one, and two names never do.
 */
import { createHash } from 'node:crypto';

/** Of a Job: its pods add six characters to it, and have it as a label. */
const MOST_OF_A_NAME = 57;
const MOST_OF_A_LABEL = 63;
const LABEL = /^[A-Za-z0-9](?:[A-Za-z0-9_.-]*[A-Za-z0-9])?$/;

/** DNS-1123: lower-case letters, digits and `-`. Runs that are called alike differ by the folder of their jobs. */
export function kubeNameOf(name: string, folder: string): string {
  return withHash(name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-'), `${name}\0${folder}`, MOST_OF_A_NAME);
}

/** As it is where that is a label's value. */
export function labelValueOf(text: string): string {
  if (text.length <= MOST_OF_A_LABEL && LABEL.test(text)) return text;
  return withHash(text.replaceAll(/[^A-Za-z0-9_.-]+/g, '-'), text, MOST_OF_A_LABEL);
}

function withHash(readable: string, whole: string, most: number): string {
  const hash = createHash('sha256').update(whole).digest('hex').slice(0, 12);
  // What has no letter or digit at its ends is no name; the hash is one.
  const trimmed = readable.slice(0, most - hash.length - 1).replaceAll(/^[^A-Za-z0-9]+|[^A-Za-z0-9]+$/g, '');
  return trimmed === '' ? hash : `${trimmed}-${hash}`;
}
