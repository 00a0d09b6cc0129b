/** Commands that look at a run and change nothing in it. All but report, doctor and apply read the workdir alone. */
import type { CommandDefinition } from './command-definition.js';
import { EXIT } from './output/exit-codes.js';
import { printed } from './output/printed.js';

export const INSPECTING_COMMANDS: readonly CommandDefinition[] = [
  {
    name: 'status',
    args: '<workdir>',
    help: 'where a run stands',
    flags: [{ flags: '--watch', help: 'show it anew at each change, until the run has ended' }],
    async act([workdir = ''], options, { output }) {
      const [{ status }, { statusText }] = await Promise.all([
        import('./commands/status.js'),
        import('./output/status-text.js'),
      ]);
      if (options.watch !== true) return printed(await status(workdir), statusText);
      const { watchStatus } = await import('./commands/watch-status.js');
      const clear = output.isTerminal ? '\x1b[2J\x1b[H' : '';
      for await (const answer of watchStatus(workdir)) {
        output.out(options.json === true ? `${JSON.stringify(answer)}\n` : `${clear}${statusText(answer)}\n\n`);
      }
      return EXIT.ok;
    },
  },
  {
    name: 'queue',
    args: '<workdir>',
    help: 'experiments that have not started, in the order in which they will run',
    async act([workdir = '']) {
      const [{ queue }, { queueText }] = await Promise.all([
        import('./commands/status.js'),
        import('./output/status-text.js'),
      ]);
      return printed(await queue(workdir), queueText);
    },
  },
  {
    name: 'summary',
    args: '<workdir>',
    help: 'results so far: every experiment, the best one, findings and failures',
    async act([workdir = '']) {
      const { summary } = await import('./commands/summary.js');
      return printed(await summary(workdir), ({ markdown }) => markdown);
    },
  },
  {
    name: 'diff',
    args: '<workdir> [node]',
    help: 'what an experiment (the best one, when none is named) changes in the code',
    flags: [{ flags: '--anchor', help: 'against your own code, instrumentation included' }],
    async act([workdir = '', node = ''], options) {
      const { diff, diffText } = await import('./commands/diff.js');
      return printed(
        await diff(workdir, node === '' ? undefined : node, { anchor: options.anchor === true }),
        diffText,
      );
    },
  },
  {
    name: 'apply',
    args: '<workdir> [node]',
    help: 'put the change of an experiment (the best one, when none is named) on a new branch of your repository',
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
      const { apply, applyText } = await import('./commands/apply.js');
      const text = (name: string) => (typeof options[name] === 'string' ? { [name]: options[name] as string } : {});
      const answer = await apply(workdir, node === '' ? undefined : node, {
        ...text('branch'),
        ...text('onto'),
        ...text('patch'),
        withInstrumentation: options.withInstrumentation === true,
        checkout: options.checkout === true,
      });
      return printed(answer, applyText, answer.applied ? EXIT.ok : EXIT.refused);
    },
  },
  {
    name: 'report',
    args: '<workdir>',
    help: "make report.md, and final_report.md with the run's agent, of a run that no engine works on",
    async act([workdir = '']) {
      const [{ report, reportText }, { listenForInterrupts }] = await Promise.all([
        import('./commands/report.js'),
        import('./run/interrupts.js'),
      ]);
      using interrupts = listenForInterrupts();
      try {
        const answer = await report(workdir, interrupts.signal);
        return printed(answer, reportText, answer.by_rules === null ? EXIT.ok : EXIT.runFailed);
      } catch (error) {
        if (!interrupts.signal.aborted) throw error;
        return printed({ interrupted: true }, () => 'interrupted; final_report.md is as it was', EXIT.interrupted);
      }
    },
  },
  {
    name: 'export',
    args: '<workdir>',
    help: 'make the files of a workdir anew from its event log',
    async act([workdir = '']) {
      const { exportFiles, exportText } = await import('./commands/export.js');
      return printed(await exportFiles(workdir), exportText);
    },
  },
  {
    name: 'codec-server',
    args: '[workdir]',
    help: "show the Temporal UI and the temporal command what a run's encrypted or compressed payloads say",
    flags: [
      { flags: '--port <n>', help: 'on this host alone (default: 8888; 0 = any that is free)' },
      {
        flags: '--ui <address>',
        help: "a Temporal UI that may ask (default: the workdir's own, or the one on port 8233)",
        repeatable: true,
      },
    ],
    async act([workdir = ''], options, { output }) {
      const [{ codecServer }, { listenForInterrupts }] = await Promise.all([
        import('./commands/codec-server.js'),
        import('./run/interrupts.js'),
      ]);
      using interrupts = listenForInterrupts();
      const say = (line: string) => (options.json === true ? output.err : output.out)(`${line}\n`);
      await codecServer(workdir, options, interrupts.signal, say);
      return EXIT.ok;
    },
  },
  {
    name: 'doctor',
    args: '[workdir]',
    help: 'check what a run needs on this host, and of a workdir how it is',
    async act([workdir = '']) {
      const [{ doctor, doctorText }, { listenForInterrupts }] = await Promise.all([
        import('./commands/doctor.js'),
        import('./run/interrupts.js'),
      ]);
      using interrupts = listenForInterrupts();
      // What it asks runs apart from the terminal's group, and goes with this process.
      interrupts.signal.addEventListener('abort', () => process.exit(EXIT.interrupted));
      const checks = await doctor(workdir === '' ? undefined : workdir);
      const isWell = checks.every(({ state }) => state !== 'problem');
      return printed(checks, doctorText, isWell ? EXIT.ok : EXIT.runFailed);
    },
  },
];
