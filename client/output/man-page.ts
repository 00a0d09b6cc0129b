/** The manual page, from the same definitions as `--help`: roff for `man`. */
import type { CommandDefinition } from '../command-definition.js';
import { EXIT, EXIT_MEANINGS } from './exit-codes.js';

export function manPage(commands: readonly CommandDefinition[], description: string, version: string): string {
  const names = Object.keys(EXIT) as (keyof typeof EXIT)[];
  return `${[
    `.TH AUTORESEARCH 1 "" "autoresearch ${escaped(version)}" "User Commands"`,
    '.SH NAME',
    'autoresearch \\- makes SPDL data pipelines faster',
    '.SH SYNOPSIS',
    '.B autoresearch',
    '.I command',
    '[arguments] [flags]',
    '.SH DESCRIPTION',
    line(description),
    'Each command answers in JSON with \\fB\\-\\-json\\fR.',
    '.SH COMMANDS',
    ...commands.flatMap(commandLines),
    '.SH EXIT STATUS',
    ...names.flatMap((name) => ['.TP', `.B ${EXIT[name]}`, line(EXIT_MEANINGS[name])]),
  ].join('\n')}\n`;
}

function commandLines({ name, args, help, flags = [], after, examples = [] }: CommandDefinition): string[] {
  return [
    `.SS ${escaped(args === '' ? name : `${name} ${args}`)}`,
    line(`${help}.`),
    ...flags.flatMap((flag) => ['.TP', `.B ${escaped(flag.flags)}`, line(flag.help)]),
    ...(after === undefined ? [] : ['.PP', ...after.split('\n').map(line)]),
    ...(examples.length === 0 ? [] : ['.PP', 'Examples:', '.nf', ...examples.map(line), '.fi']),
  ];
}

/** A dot or a quote at the beginning of a line is a request of roff. */
function line(text: string): string {
  const safe = escaped(text);
  return /^[.']/.test(safe) ? `\\&${safe}` : safe;
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\e').replaceAll('-', '\\-');
}
