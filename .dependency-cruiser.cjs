// The dependency rule of ARCHITECTURE.md as code. Each comment says what to do instead.

/** Packages that are values in, values out, so that domain code may use them inside the workflow sandbox. */
const PURE_PACKAGES = ['diff', 'simple-statistics', 'd3-(array|format|hierarchy|scale|shape)'];

const DOMAIN = '^domain/';
const TESTS = '^test/';
const PACKAGE = 'node_modules/';

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'Files that need each other are one idea or three: move what both use into a file of its own.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'domain-stands-alone',
      comment: 'domain imports nothing of ours: give the function the value that it needs as an argument.',
      severity: 'error',
      from: { path: DOMAIN },
      to: { path: '^(workflows|activities|worker|client|bench|test|scripts)/' },
    },
    {
      name: 'domain-is-pure',
      comment: 'domain has no effects: read clocks, files and processes in an activity and pass the result in.',
      severity: 'error',
      from: { path: DOMAIN },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'domain-uses-pure-packages',
      comment: 'domain may use zod (in formats/) and packages that only compute: call any other from an activity.',
      severity: 'error',
      from: { path: DOMAIN },
      to: { path: PACKAGE, pathNot: `${PACKAGE}(@types/)?(zod|${PURE_PACKAGES.join('|')})/` },
    },
    {
      name: 'zod-stays-in-formats',
      comment: 'Values are parsed at the border: put the schema into domain/formats and import its type here.',
      severity: 'error',
      from: { path: DOMAIN, pathNot: '^domain/formats/' },
      to: { path: `${PACKAGE}zod/`, dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'workflows-stay-in-the-sandbox',
      comment: 'Workflows run in a sandbox without Node: do it in an activity and call that.',
      severity: 'error',
      from: { path: '^workflows/' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'workflows-use-the-workflow-sdk-only',
      comment:
        'A package in a workflow is bundled whole: use @temporalio/workflow and @temporalio/common, or an activity.',
      severity: 'error',
      from: { path: '^workflows/' },
      to: {
        path: PACKAGE,
        pathNot: `${PACKAGE}@temporalio/(workflow|common)/`,
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'workflows-know-activities-by-type',
      comment: 'Write `import type` and call the activity through proxyActivities: its code must not enter the bundle.',
      severity: 'error',
      from: { path: '^workflows/' },
      to: { path: '^activities/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'workflows-order-only',
      comment: 'Workflows import domain and the types of activities: what wires or shows belongs to worker or client.',
      severity: 'error',
      from: { path: '^workflows/' },
      to: { path: '^(worker|client|bench|scripts)/' },
    },
    {
      name: 'activities-import-domain-only',
      comment: 'An activity gets what it needs through its dependencies: let worker pass it in.',
      severity: 'error',
      from: { path: '^activities/' },
      to: { path: '^(workflows|worker|client|bench|scripts)/' },
    },
    {
      name: 'worker-knows-no-client',
      comment: 'The client starts the worker, not the other way round: move what both need into domain or activities.',
      severity: 'error',
      from: { path: '^worker/' },
      to: { path: '^(client|bench|scripts)/' },
    },
    {
      name: 'nothing-imports-tests',
      comment: 'Code that the program needs is no test support: move it to the folder that owns it.',
      severity: 'error',
      from: { pathNot: [TESTS, '^bench/'] },
      to: { path: TESTS },
    },
    {
      name: 'resolvable',
      comment: 'The import leads nowhere: correct the path, or add the package to package.json.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'no-dev-packages-at-run-time',
      comment: 'This package is only installed for development: move it to "dependencies" or do without.',
      severity: 'error',
      from: { path: '^(domain|workflows|activities|worker|client)/' },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'], pathNot: `${PACKAGE}@types/` },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: 'specify',
    tsConfig: { fileName: 'tsconfig.check.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'types', 'default'] },
  },
};
