/**
 * How a run's commits are kept in the user's repository without standing in its `git log --all`: a ref names no commit
 * but a tree of two entries, `source` (the commit's files, which git therefore never removes) and `commit` (the text of
 * the commit object itself, from which it is written again, with the same id, where git's housekeeping has removed it).
 * Refs that name commits themselves, as earlier versions wrote them, are read as well.
 */
import type { ObjectDatabase } from './object-database.js';

const COMMIT_ENTRY = Buffer.from('100644 commit\0');
const SOURCE_ENTRY = Buffer.from('40000 source\0');
/** Beside the names of experiments: the user's own commit that a run began on, whose history its commits stand on. */
const HISTORY = 'history';
/** Refs that are read at a time. */
const AT_A_TIME = 8;

interface Kept {
  /** Id of the tree that the ref names. */
  holder: string;
  commit: string;
}

export class KeptCommits {
  /** By ref, as last seen: reading what a tree holds takes two commands, and whether both are there takes one. */
  readonly #seen = new Map<string, Kept>();

  constructor(
    readonly database: ObjectDatabase,
    /** `refs/autoresearch/<run>` */
    readonly prefix: string,
  ) {}

  /** All refs of the run. */
  refs(): Promise<string[]> {
    return this.database.refsBelow(`${this.prefix}/`);
  }

  async keep(name: string, commit: string): Promise<void> {
    const holder = await this.#holderOf(commit);
    await this.database.keep(this.#ref(name), holder);
    this.#seen.set(this.#ref(name), { holder, commit });
  }

  /** The same for a name that must not be kept yet; returns what it keeps afterwards, ours or another process's. */
  async keepFirst(name: string, commit: string): Promise<string> {
    await this.database.keepFirst(this.#ref(name), await this.#holderOf(commit));
    return (await this.commitOf(name)) ?? commit;
  }

  /** The commit that a name keeps, which is there afterwards; null where nothing is kept. */
  commitOf(name: string): Promise<string | null> {
    return this.#commitAt(this.#ref(name));
  }

  /**
   * Keeps the user's commit below the anchor, should its branch be rewritten: commands in trees describe versions by
   * it. Refs of a run that an earlier version began are hidden at the same time.
   */
  async keepHistory(anchor: string): Promise<void> {
    const ref = this.#ref(HISTORY);
    const { parent } = await this.database.facts(anchor);
    if (parent === null || (await this.database.resolve(ref)) !== null) return;
    for (const old of await this.refs()) {
      const [object] = await this.database.readObjects([old]);
      if (object?.type === 'commit') await this.database.keep(old, await this.#holderOf(object.oid));
    }
    await this.database.keepFirst(ref, parent);
  }

  /** Sees to it that those of these commits that the run keeps are in the repository. */
  async restore(commits: readonly string[]): Promise<void> {
    for (const commit of commits) if (!(await this.database.hasCommit(commit))) return await this.#restoreAll();
  }

  async #restoreAll(): Promise<void> {
    const refs = await this.refs();
    for (let first = 0; first < refs.length; first += AT_A_TIME) {
      await Promise.all(refs.slice(first, first + AT_A_TIME).map((ref) => this.#commitAt(ref)));
    }
  }

  async #holderOf(commit: string): Promise<string> {
    const [object] = await this.database.readObjects([commit]);
    if (object?.type !== 'commit') throw new Error(`${commit} is no commit of the repository`);
    const tree = /^tree ([0-9a-f]+)$/m.exec(object.content.toString('utf8'))?.[1];
    if (tree === undefined) throw new Error(`commit ${commit} has no tree line`);
    const text = await this.database.writeObject('blob', object.content);
    const parts = [COMMIT_ENTRY, Buffer.from(text, 'hex'), SOURCE_ENTRY, Buffer.from(tree, 'hex')];
    return this.database.writeObject('tree', Buffer.concat(parts));
  }

  async #commitAt(ref: string): Promise<string | null> {
    const seen = this.#seen.get(ref);
    const [object, commit] = await this.database.readObjects(seen ? [ref, seen.commit] : [ref]);
    if (!object || object.type === 'commit') return object?.oid ?? null;
    if (commit && object.oid === seen?.holder) return seen.commit;
    const idLength = (object.content.length - COMMIT_ENTRY.length - SOURCE_ENTRY.length) / 2;
    const id = object.content.subarray(COMMIT_ENTRY.length, COMMIT_ENTRY.length + idLength);
    const isHolder = object.content.indexOf(COMMIT_ENTRY) === 0;
    const [text] = isHolder ? await this.database.readObjects([id.toString('hex')]) : [null];
    if (text === null) throw new Error(`${ref} keeps no commit of a run: it names a ${object.type} (${object.oid})`);
    const written = await this.database.writeObject('commit', text.content);
    this.#seen.set(ref, { holder: object.oid, commit: written });
    return written;
  }

  #ref(name: string): string {
    return `${this.prefix}/${name}`;
  }
}
