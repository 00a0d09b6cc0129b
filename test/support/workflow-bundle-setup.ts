/** Once for a whole test run: the workflow bundle, made from the sources. */
import type { TestProject } from 'vitest/node';
import { packageFile } from '../../host/package-files.js';
import { buildWorkflowBundle } from '../../worker/workflow-bundle.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** Path of the bundle of workflows/index.ts. */
    workflowBundle: string;
  }
}

export default async function setup(project: TestProject): Promise<void> {
  const workflowBundle = packageFile('node_modules', '.cache', 'autoresearch', 'test-workflow-bundle.js');
  await buildWorkflowBundle({
    workflowsPath: packageFile('workflows', 'index.ts'),
    failureConverterPath: packageFile('workflows', 'failure-converter.ts'),
    sources: [packageFile('workflows'), packageFile('domain')],
    out: workflowBundle,
  });
  project.provide('workflowBundle', workflowBundle);
}
