/**
 * A file system of a few MiB that can be filled: what really happens on a full disk, where this process may mount one.
 */
import { mkdir, mkdtemp, rm, statfs, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';

const BALLAST = 'ballast';

export class SmallDisk {
  private constructor(
    readonly root: string,
    private readonly beforeItGoes: () => Promise<void>,
  ) {}

  /** Why there can be none here; null when there can. */
  static async problem(): Promise<string | null> {
    const root = await mkdtemp(join(tmpdir(), 'autoresearch-disk-'));
    try {
      await using _disk = await SmallDisk.mount(root, 1);
      return null;
    } catch (error) {
      return `no small disk can be mounted here: ${(error as Error).message}`;
    } finally {
      await rm(root, { recursive: true, force: true });
    }
  }

  /** `beforeItGoes` ends whoever has files open on it. */
  static async mount(root: string, mib: number, beforeItGoes = async () => {}): Promise<SmallDisk> {
    await mkdir(root, { recursive: true });
    await execa('mount', ['-t', 'tmpfs', '-o', `size=${mib}m,mode=700`, 'tmpfs', root]);
    return new SmallDisk(root, beforeItGoes);
  }

  /** Not a byte is left: others may write meanwhile, so it goes on until none is. */
  async fill(): Promise<void> {
    for (let number = 0; ; number += 1) {
      const { bavail, bsize } = await statfs(this.root);
      if (bavail === 0) return;
      await mkdir(join(this.root, BALLAST), { recursive: true }).catch(() => undefined);
      await writeFile(join(this.root, BALLAST, String(number)), Buffer.alloc(bavail * bsize)).catch(() => undefined);
    }
  }

  async makeRoom(): Promise<void> {
    await rm(join(this.root, BALLAST), { recursive: true, force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.makeRoom();
    await this.beforeItGoes();
    for (let tries = 0; ; tries += 1) {
      const { failed, stderr } = await execa('umount', [this.root], { reject: false });
      if (!failed) return;
      // Somebody has a file open: a server that ends, a runner that waits.
      if (tries === 600) throw new Error(stderr);
      await sleep(50);
    }
  }
}
