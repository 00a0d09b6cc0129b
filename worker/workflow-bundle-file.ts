/** Where `npm run build` puts the workflow bundle, and a worker looks for it. */
import { packageFile } from '../host/package-files.js';

export const workflowBundleFile = packageFile('dist', 'workflow-bundle.js');
