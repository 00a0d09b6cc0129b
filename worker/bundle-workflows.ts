/** Build step: dist/workflows into dist/workflow-bundle.js. */
import { packageFile } from '../host/package-files.js';
import { buildWorkflowBundle, workflowBundleFile } from './workflow-bundle.js';

const outcome = await buildWorkflowBundle({
  workflowsPath: packageFile('dist', 'workflows', 'index.js'),
  failureConverterPath: packageFile('dist', 'workflows', 'failure-converter.js'),
  sources: [packageFile('dist', 'workflows'), packageFile('dist', 'domain')],
  out: workflowBundleFile,
});
if (outcome === 'built') console.log(`bundled the workflows into ${workflowBundleFile}`);
