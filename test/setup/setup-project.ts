/** A small project in a temporary folder with this project's scripts, to see set-up at work. */
import { cp, mkdir, mkdtemp, realpath, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { packageFile } from '../../host/package-files.js';
import { removeFolder } from '../support/remove-folder.js';

export class SetupProject implements AsyncDisposable {
  private constructor(readonly root: string) {}

  static async make(files: Record<string, string> = {}): Promise<SetupProject> {
    const project = new SetupProject(await realpath(await mkdtemp(join(tmpdir(), 'autoresearch-setup-'))));
    await cp(packageFile('scripts'), project.at('scripts'), { recursive: true });
    for (const [path, content] of Object.entries(files)) await project.write(path, content);
    return project;
  }

  at(...parts: string[]): string {
    return join(this.root, ...parts);
  }

  async write(path: string, content: string): Promise<void> {
    await mkdir(dirname(this.at(path)), { recursive: true });
    await writeFile(this.at(path), content);
  }

  /** A folder of this project's own packages, for steps that use one. */
  async borrow(...parts: string[]): Promise<void> {
    await mkdir(dirname(this.at(...parts)), { recursive: true });
    await symlink(packageFile(...parts), this.at(...parts));
  }

  setUp(steps: string[], env: Record<string, string> = {}) {
    return execa(process.execPath, [this.at('scripts', 'setup.mjs'), ...steps], {
      reject: false,
      all: true,
      env,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await removeFolder(this.root);
  }
}
