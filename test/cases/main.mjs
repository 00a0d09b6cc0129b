// `npm run cases [-- name…]`: each case in turn, then a table of what came out; exit code 1 when one is not right.
//   --short       only up to the baseline, as `npm test` does
//   --keep DIR    leave sources and workdirs there
import { parseArgs } from 'node:util';
import { caseNames, runCase } from './run-case.mjs';

const { values, positionals } = parseArgs({
  options: { short: { type: 'boolean', default: false }, keep: { type: 'string' } },
  allowPositionals: true,
});
const known = caseNames();
const unknown = positionals.find((name) => !known.includes(name));
if (unknown !== undefined) {
  process.stderr.write(`unknown case "${unknown}"; the cases are ${known.join(', ')}\n`);
  process.exit(2);
}

const number = (value) => (value === null ? '-' : value.toFixed(0));
const table = [];
let wrong = 0;
for (const name of positionals.length > 0 ? positionals : known) {
  const { right, problems, seconds, facts } = await runCase(name, { isShort: values.short, keep: values.keep ?? null });
  wrong += problems.length > 0 ? 1 : 0;
  const outcome = problems.length === 0 ? 'right' : `WRONG: ${problems.join('; ')}`;
  process.stdout.write(`${name}: ${outcome} (${seconds.toFixed(0)} s)\n`);
  if (problems.length > 0) process.stdout.write(facts.printed.replace(/^/gm, '    '));
  table.push(
    `| ${name} | ${facts.exitCode} | ${number(facts.baseline)} | ${number(facts.bestRate)} | ${facts.best ?? '-'} | ${right} | ${outcome} |`,
  );
}
process.stdout.write(
  [
    '',
    '| case | exit code | baseline, samples/s | best | winner | right is | outcome |',
    '|---|---|---|---|---|---|---|',
    ...table,
    '',
  ].join('\n'),
);
process.stdout.write(`${table.length - wrong} cases right, ${wrong} wrong\n`);
process.exitCode = wrong === 0 ? 0 : 1;
