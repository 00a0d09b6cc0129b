#!/usr/bin/env node
/** The `autoresearch` command. */
import { processOutput } from './output/output.js';
import { runCli } from './program.js';

// A reader that went away (`| head`, a closed terminal) must not end a run.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

const exitCode = await runCli(process.argv.slice(2), processOutput);
// Connections of the native SDK may linger; what was printed must be out before.
process.stdout.write('', () => process.stderr.write('', () => process.exit(exitCode)));
