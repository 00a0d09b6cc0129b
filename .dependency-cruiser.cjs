// The floors of ARCHITECTURE.md as code. Each comment says what to do instead; test/setup/boundaries.test.ts breaks
// each rule once.

/** From the ground up: a floor imports those below it and itself, type imports included. */
const FLOORS = [
  'domain',
  'host',
  'workdir',
  'source',
  'agents',
  'playbook',
  'jobs',
  'activities',
  'workflows',
  'worker',
  'client',
];

/** Packages that are values in, values out, so that domain code may use them inside the workflow sandbox. */
const PURE_PACKAGES = ['diff', 'simple-statistics', 'd3-(array|format|hierarchy|scale|shape)'];

const DOMAIN = '^domain/';
const TESTS = '^test/';
/** Compiled for browsers, apart from the rest. */
const PAGE = '^client/dashboard/page/';
const PACKAGE = 'node_modules/';

const WHAT_FLOORS_OWN = {
  domain: 'domain imports nothing of ours: give the function the value that it needs as an argument.',
  host: 'host knows processes and files of a machine, not this program: pass in what it needs, or move it up.',
  workdir: 'workdir knows its own files only: what also needs the source, an agent or a job belongs to their floor.',
  source: 'source knows repositories and trees: what asks an agent or starts a job belongs to activities.',
  agents:
    'agents answer tasks: the playbook implements their interface and stands above; activities put both together.',
  playbook: 'the playbook reads code and evidence: what launches or watches jobs belongs to jobs or activities.',
  jobs: 'jobs run commands in trees: what a workflow asks for is an activity, and calls this floor.',
  activities: 'an activity gets what it needs through its dependencies: let worker pass it in.',
  worker: 'the client starts the worker, not the other way round: move what both need to a floor below.',
};

const above = (floor) => `^(${[...FLOORS.slice(FLOORS.indexOf(floor) + 1), 'bench', 'scripts'].join('|')})/`;

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      comment:
        'Files that need each other, if only for their types, are one idea or three: move what both use into a file of its own.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    ...Object.entries(WHAT_FLOORS_OWN).map(([floor, comment]) => ({
      name: `${floor}-knows-what-is-below`,
      comment,
      severity: 'error',
      from: { path: `^${floor}/` },
      to: { path: above(floor) },
    })),
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
      to: { path: PACKAGE, pathNot: `${PACKAGE}(@types/)?(zod|@temporalio/common|${PURE_PACKAGES.join('|')})/` },
    },
    {
      name: 'temporal-stays-in-the-protocol',
      comment:
        'Only domain/protocol says how values travel: return a record and let an activity or a workflow send it.',
      severity: 'error',
      from: { path: DOMAIN, pathNot: '^domain/protocol/' },
      to: { path: `${PACKAGE}@temporalio/` },
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
      name: 'workflows-order-only',
      comment: 'Workflows import domain alone, where the types of activities are too: what acts is called by its type.',
      severity: 'error',
      from: { path: '^workflows/' },
      to: {
        path: `^(${[...FLOORS.filter((floor) => !['domain', 'workflows'].includes(floor)), 'bench', 'scripts'].join('|')})/`,
      },
    },
    {
      name: 'workflows-are-known-by-the-protocol',
      comment: 'A workflow enters the bundle alone: import its messages and types from domain/protocol.',
      severity: 'error',
      from: { path: `^(${['activities', 'worker', 'client'].join('|')})/` },
      to: { path: '^workflows/' },
    },
    {
      name: 'the-page-runs-in-a-browser',
      comment:
        'The page of the dashboard has its library and types of domain/board: let the server send what else it needs.',
      severity: 'error',
      from: { path: PAGE },
      to: { pathNot: [PAGE, `${PACKAGE}preact/`, '^domain/board/'] },
    },
    {
      name: 'the-page-takes-types-only',
      comment: 'What is imported from domain would be loaded by browsers: import its type, and let the server compute.',
      severity: 'error',
      from: { path: PAGE },
      to: { path: '^domain/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'nothing-imports-tests',
      comment: 'Code that the program needs is no test support: move it to the folder that owns it.',
      severity: 'error',
      from: { pathNot: [TESTS, '^bench/'] },
      to: { path: TESTS },
    },
    {
      name: 'fast-tests-need-no-set-up',
      comment:
        'The check runs test/domain where nothing but node_modules is set up: put a test that needs more where its floor is.',
      severity: 'error',
      from: { path: '^test/domain/', pathNot: '-bash[.]test[.]ts$' },
      to: { path: ['^test/activities/', 'node_modules/execa/', '^(node:)?child_process$'] },
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
      from: { path: `^(${FLOORS.join('|')})/` },
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
