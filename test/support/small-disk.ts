/** A file system of a few MiB that can be filled: what really happens on a full disk, where this process may mount one. */
import { mkdir, rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';

export class SmallDisk {
  private constructor(
    readonly root: string,
    private readonly ballast: string,
  ) {}

  /** A string says why there can be none here. */
  static async mount(root: string, mib: number): Promise<SmallDisk | string> {
    await mkdir(root, { recursive: true });
    const options = `size=${mib}m,mode=700`;
    const mounted = await execa('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', root], { reject: false });
    return mounted.failed
      ? `no small disk here: ${mounted.stderr || mounted.shortMessage}`
      : new SmallDisk(root, 'ballast');
  }

  /** Not a byte is left: others may write meanwhile, so it goes on until none is. */
  async fill(): Promise<void> {
    for (let number = 0; ; number += 1) {
      const { bavail, bsize } = await statfs(this.root);
      if (bavail === 0) return;
      await mkdir(join(this.root, this.ballast), { recursive: true }).catch(() => undefined);
      await writeFile(join(this.root, this.ballast, String(number)), Buffer.alloc(bavail * bsize)).catch(
        () => undefined,
      );
    }
  }

  async makeRoom(): Promise<void> {
    await rm(join(this.root, this.ballast), { recursive: true, force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (let tries = 0; ; tries += 1) {
      const { failed, stderr } = await execa('umount', [this.root], { reject: false });
      if (!failed) return;
      // Somebody has a file open: a server that ends, a runner that waits.
      if (tries === 100) throw new Error(stderr);
      await sleep(50);
    }
  }
}
