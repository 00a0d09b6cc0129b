/** `apply`: the change of an experiment on a new branch of the user's repository, or as a patch file. */
import { shellWord } from '../../domain/command/shell-word.js';
import type { Applied, NotApplied } from '../apply/apply-change.js';
import type { CommandDefinition } from '../command-definition.js';
import { EXIT } from '../output/exit-codes.js';
import { printed } from '../output/printed.js';

export const APPLY: CommandDefinition = {
  name: 'apply',
  args: '<workdir> [node]',
  help: 'put the change of an experiment (the best one, when none is named) on a new branch of your repository',
  examples: [
    'autoresearch apply ~/runs/first',
    'autoresearch apply ~/runs/first 007 --branch faster-loading --onto origin/main',
    'autoresearch apply ~/runs/first --patch faster.diff',
  ],
  flags: [
    { flags: '--branch <name>', help: 'name of the new branch (default: autoresearch/<node>)' },
    { flags: '--onto <commit>', help: 'where it begins (default: what is checked out)' },
    { flags: '--patch <file>', help: 'write a patch file instead of a branch' },
    { flags: '--with-instrumentation', help: 'keep the lines that time the loop' },
    { flags: '--checkout', help: 'switch the working tree to the new branch' },
  ],
  after:
    'Your working tree, index and branches stay as they are, unless --checkout is given. Conflicts are shown, and nothing is\nhalf done. A text for a pull request is printed with it.',
  async act([workdir = '', node = ''], options) {
    const { applyChange } = await import('../apply/apply-change.js');
    const text = (name: string) => (typeof options[name] === 'string' ? { [name]: options[name] as string } : {});
    const answer = await applyChange(workdir, node === '' ? undefined : node, {
      ...text('branch'),
      ...text('onto'),
      ...text('patch'),
      withInstrumentation: options.withInstrumentation === true,
      checkout: options.checkout === true,
    });
    return printed(answer, applyText, answer.applied ? EXIT.ok : EXIT.refused);
  },
};

function applyText(answer: Applied | NotApplied): string {
  if (!answer.applied) {
    const shown = answer.conflicts.flatMap(({ path, hunks }) => ['', `--- ${path}`, ...(hunks === '' ? [] : [hunks])]);
    return [`${answer.node_id} does not fit ${answer.onto.slice(0, 10)}: ${answer.reason}`, ...shown].join('\n');
  }

  const { branch, commit, onto, patch, files, launch_command: launch, notes, pull_request: request } = answer;
  const where =
    patch !== null
      ? `${answer.node_id} is the patch ${patch}, against ${onto.slice(0, 10)}`
      : `${answer.node_id} is on the branch ${branch} (${commit?.slice(0, 10)}, onto ${onto.slice(0, 10)})`;
  const next = patch !== null || answer.checked_out ? [] : [`look at it: git show ${shellWord(branch ?? '')}`];
  return [
    where,
    ...files.map((file) => `  ${file}`),
    ...(answer.checked_out ? [`the working tree is on ${branch}`] : []),
    ...(launch === null ? [] : [`launch it with: ${launch}`]),
    ...notes.map((note) => `note: ${note}`),
    ...next,
    '',
    'For a pull request:',
    '',
    request.title,
    '',
    request.body,
  ].join('\n');
}
