/** `torchx run -s local_cwd` is a job of this host like any other: torchx waits for its replicas, and ends them. */
import { readFile } from 'node:fs/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { choosePlatform } from '../../../../domain/command/platform-choice.js';
import { shellWord } from '../../../../domain/command/shell-word.js';
import { processIdentity } from '../../../../host/process-identity.js';
import { LocalPlatform } from '../../../../jobs/platforms/local.js';
import { Bench, endOf, until } from '../../../support/platforms/conformance.js';
import { removeFolder } from '../../../support/remove-folder.js';
import { onTorchx, torchxProgram } from '../../../support/torchx.js';

const program = shellWord(torchxProgram ?? 'torchx');
const command = (text: string) =>
  `${program} run --workspace= -s local_cwd utils.sh --num_replicas 2 sh -c ${shellWord(text)}`;

describe.runIf(torchxProgram !== null)(onTorchx('torchx run -s local_cwd'), { timeout: 120_000 }, () => {
  const open = async () => {
    const bench = await Bench.open({});
    onTestFinished(() => removeFolder(bench.root));
    return { bench, platform: new LocalPlatform(bench.context, 5) };
  };

  it('is for the platform local, which has its output and its end', async () => {
    expect(choosePlatform(command('true')).platform).toBe('local');
    const { bench, platform } = await open();
    const { jobId } = await platform.launch(await bench.request('n1', command('echo "step 3/10"; sleep 2; exit 4')));
    expect(await endOf(platform, jobId)).toMatchObject({ cause: 'exit', returnCode: 1 });
    const { stderr } = await platform.logs(jobId, 10_000);
    expect(stderr).toMatch(/^sh\/0 step 3\/10$/m);
    expect(stderr).toMatch(/^sh\/1 step 3\/10$/m);
  });

  it('goes on while nobody watches, and takes its replicas with it when it is cancelled', async () => {
    const { bench, platform } = await open();
    const pids = bench.file('pids');
    const { jobId } = await platform.launch(
      await bench.request('n1', command(`echo $$ >> ${shellWord(pids)}; sleep 600`)),
    );
    const replicas = await until(async () => {
      const found = (await readFile(pids, 'utf8').catch(() => '')).split('\n').filter(Boolean).map(Number);
      return found.length === 2 ? found : null;
    });
    const other = new LocalPlatform(bench.context, 5);
    expect(await other.status(jobId)).toMatchObject({ state: 'running' });
    await other.cancel(jobId);
    expect(await endOf(platform, jobId)).toMatchObject({ cause: 'cancelled' });
    for (const pid of replicas) expect(await processIdentity(pid)).toBeNull();
  });
});
