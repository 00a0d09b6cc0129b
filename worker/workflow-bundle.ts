/** Makes the one file of workflow code that workers load, and refuses what does not belong in the sandbox. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { readTextIfAny, writeFileAtomic } from '../host/atomic-file.js';
import { packageFile } from '../host/package-files.js';

/** Where `npm run build` puts the bundle, and a worker looks for it. */
export const workflowBundleFile = packageFile('dist', 'workflow-bundle.js');

/** Ours and Temporal's are 0.65 MB; a package that slipped in by a value import (zod: 1 MB) goes over it. */
export const BUNDLE_LIMIT_BYTES = 1_500_000;

/** What Temporal's workflow package itself brings. Anything else costs every workflow start, or breaks replay. */
const ALLOWED_PACKAGES = ['@temporalio/common', '@temporalio/workflow', 'long', 'ms', 'nexus-rpc'];

export interface BundleOptions {
  /** The module that exports the workflows. */
  workflowsPath: string;
  /** The module that says how their failures travel; the usual one when absent. */
  failureConverterPath?: string;
  /** Folders whose files decide whether the bundle is still right. */
  sources: string[];
  out: string;
}

/** Builds it unless nothing has changed since the last time; says which. Equal sources make equal bytes. */
export async function buildWorkflowBundle({
  workflowsPath,
  failureConverterPath,
  sources,
  out,
}: BundleOptions): Promise<'built' | 'fresh'> {
  const stamp = `${out}.inputs`;
  const inputs = await digestOf(sources);
  if (existsSync(out) && (await readTextIfAny(stamp)) === inputs) return 'fresh';
  // A warning of the bundler is said; its inventory of modules is not.
  const { code } = await bundleWorkflowCode({
    workflowsPath,
    ...(failureConverterPath === undefined ? {} : { failureConverterPath }),
    logger: new DefaultLogger('WARN'),
  });
  checkBundle(code);
  // Part of the program, which others may run.
  await writeFileAtomic(out, code, 0o666);
  await writeFileAtomic(stamp, inputs, 0o666);
  return 'built';
}

/** Throws an error that says what to do instead. The source map at the end does not count. */
export function checkBundle(code: string): void {
  const packages = [...code.matchAll(/"\.\/(?:[^"]*\/)?node_modules\/((?:@[^/"]+\/)?[^/"]+)\//g)].map(
    ([, name]) => name ?? '',
  );
  const foreign = [...new Set(packages)].filter((name) => !ALLOWED_PACKAGES.includes(name));
  if (foreign.length > 0) {
    throw new Error(
      `the workflow bundle holds ${foreign.join(', ')}: import only types of it in workflows/ and in what they import of domain/`,
    );
  }
  const sourceMapAt = code.lastIndexOf('//# sourceMappingURL=');
  const sizeBytes = sourceMapAt === -1 ? code.length : sourceMapAt;
  if (sizeBytes > BUNDLE_LIMIT_BYTES) {
    throw new Error(
      `the workflow bundle has ${sizeBytes} bytes without its source map, and may have ${BUNDLE_LIMIT_BYTES}`,
    );
  }
}

async function digestOf(folders: string[]): Promise<string> {
  const hash = createHash('sha256');
  // The lock file stands for Temporal's own code in the bundle.
  for (const file of [packageFile('package-lock.json'), ...(await filesOf(folders))]) {
    hash
      .update(`${relative(packageFile(), file)}\0`)
      .update(await readFile(file))
      .update('\0');
  }
  return hash.digest('hex');
}

async function filesOf(folders: string[]): Promise<string[]> {
  const found: string[] = [];
  for (const folder of folders) {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    for (const entry of entries) {
      if (entry.isFile() && /\.[jt]s$/.test(entry.name)) found.push(join(entry.parentPath, entry.name));
    }
  }
  return found.sort();
}
