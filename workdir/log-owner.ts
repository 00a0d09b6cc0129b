/**
 * engine/log-owner.json: whose events the event log takes. One engine at a time writes it, and that engine is named by
 * the Temporal cluster and namespace that hold its history, and by the chain of its runs there (continue-as-new and
 * resets keep it), of which one at a time is alive. An engine that somebody else's workflow history drives would cut
 * off what the owner wrote, and so would the late export of a run that was reset, or has continued as another.
 */
import { z } from 'zod';
import { writeJsonAtomic } from '../host/atomic-file.js';
import { readKeptRecord } from './kept-record.js';
import type { Workdir } from './paths.js';

const PlaceSchema = z.object({
  /** `embedded`: the workdir's own server, which only a worker of this workdir reaches. */
  kind: z.enum(['embedded', 'configured']),
  /** For people. */
  address: z.string(),
  /** The server's own id; '' where it does not tell. */
  cluster: z.string(),
  namespace: z.string(),
  /** Two servers may both have a namespace of that name; '' where the server does not tell. */
  namespace_id: z.string(),
});

/** Where workflow histories are. */
export type LogPlace = z.infer<typeof PlaceSchema>;

const OwnerSchema = z.looseObject({
  ...PlaceSchema.shape,
  /** Run id of the first run of the engine's chain; null when the next engine that begins there is to have the log. */
  chain: z.string().nullable(),
  /** Run ids of the chain's runs that have written, the newest last; the earlier ones are closed. */
  links: z.array(z.string()).default([]),
  since: z.string(),
});

export type LogOwner = z.infer<typeof OwnerSchema>;

/** A run that closed so many runs ago has nothing under way. */
const KNOWN_LINKS = 20;

/** Null before the first engine of a version that names owners. */
export async function readLogOwner(workdir: Workdir): Promise<LogOwner | null> {
  const wayOut = 'Delete the file if no engine works on this workdir: it is made again';
  return readKeptRecord(workdir.logOwner, OwnerSchema, wayOut);
}

export async function writeLogOwner(
  workdir: Workdir,
  place: LogPlace,
  chain: string | null,
  { links = [], since = new Date().toISOString() }: { links?: readonly string[]; since?: string } = {},
): Promise<void> {
  await writeJsonAtomic(workdir.logOwner, { ...PlaceSchema.parse(place), chain, links, since });
}

export function isSamePlace(one: LogPlace, other: LogPlace): boolean {
  const areClustersKnown = one.cluster !== '' && other.cluster !== '';
  if (areClustersKnown && one.cluster !== other.cluster) return false;
  if (one.namespace_id !== '' && other.namespace_id !== '') return one.namespace_id === other.namespace_id;
  return one.namespace === other.namespace && (areClustersKnown || one.address === other.address);
}

/**
 * Why the engine of this chain may not write the log, or null. One that begins takes over from an earlier one of its
 * own place, which has closed: a server runs one workflow of an id at a time. One that goes on must be the owner.
 */
export function ownershipProblem(
  owner: LogOwner | null,
  place: LogPlace,
  chain: string,
  act: 'begins' | 'goes on',
): string | null {
  if (owner === null) return null;
  const advice = 'to leave that engine and go on from the log here, `autoresearch run --take-over`';
  if (!isSamePlace(owner, place)) {
    return `the event log belongs to the engine on ${placeText(owner)} since ${owner.since}, not to one on ${placeText(place)}; ${advice}`;
  }
  if (act === 'begins' || owner.chain === null || owner.chain === chain) return null;
  return `the event log belongs to a later engine of ${placeText(owner)} (its first run is ${owner.chain}), not to this one (${chain}); ${advice}`;
}

export function placeText({ kind, address, namespace }: LogPlace): string {
  return kind === 'embedded' ? "the workdir's own Temporal server" : `${address}, namespace ${namespace}`;
}

/**
 * Makes the chain the owner unless it is already, and its run the one that writes; returns why it may not be. Safe to
 * call twice.
 */
export async function claimLog(
  workdir: Workdir,
  place: LogPlace,
  { chain, link }: { chain: string; link?: string | undefined },
  act: 'begins' | 'goes on',
): Promise<string | null> {
  const owner = await readLogOwner(workdir);
  const problem = ownershipProblem(owner, place, chain, act);
  if (problem !== null) return problem;
  const isOwner = owner?.chain === chain;
  const links = isOwner ? owner.links : [];
  if (link !== undefined && links.slice(0, -1).includes(link))
    return `the engine has gone on in its run ${links.at(-1)}: its run ${link} was reset or has continued as another, and writes nothing any more`;
  const isNew = link !== undefined && link !== links.at(-1);
  if (!isOwner || isNew) {
    const known = isNew ? [...links, link].slice(-KNOWN_LINKS) : links;
    await writeLogOwner(workdir, place, chain, { links: known, ...(isOwner ? { since: owner.since } : {}) });
  }
  return null;
}
