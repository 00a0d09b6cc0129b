// Rules about what is loaded at run time, type imports left out: "reachable" would follow those too.
const { options } = require('./.dependency-cruiser.cjs');

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'no-zod-in-the-bundle',
      comment:
        'zod costs the sandbox 1 MiB and 4 ms a start: import the type from domain/formats, parse in an activity.',
      severity: 'error',
      from: { path: '^(workflows|domain/(?!formats/))' },
      to: { path: 'node_modules/zod/', reachable: true },
    },
  ],
  options: { ...options, tsPreCompilationDeps: false },
};
