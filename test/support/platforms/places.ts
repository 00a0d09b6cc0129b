/**
 * The places where a whole run can have its jobs: this host, a real Slurm, torchx on either and on a scheduler of its
 * own, the API server of Kubernetes and a stand-in for it. How each is asked for, and what its scheduler says runs.
 */
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { shellWord } from '../../../domain/command/shell-word.js';
import { packageFile } from '../../../host/package-files.js';
import { KubernetesStandIn } from '../kubernetes/api-stand-in.js';
import { noKubernetesBecause, TestKubernetes } from '../kubernetes/control-plane.js';
import { MANIFEST } from '../kubernetes/kubernetes-bench.js';
import { removeFolder } from '../remove-folder.js';
import { noSlurmBecause, TestSlurm } from '../slurm.js';
import { torchxProgram } from '../torchx.js';

export interface Place {
  name: string;
  /** Why it cannot be had here, or null. */
  missing: string | null;
  /** The launch command by which the script runs there; it says the platform, or the flags do. */
  launch(script: string): string;
  flags: string[];
  env(servers: Servers): Record<string, string>;
  /** Names of the jobs that its scheduler says have begun and not ended; absent where there is no scheduler. */
  running?(servers: Servers): Promise<string[]>;
}

/** What the places need, as far as it can be had here. */
export class Servers {
  private constructor(
    readonly folder: string,
    readonly slurm: TestSlurm | null,
    readonly standIn: KubernetesStandIn,
    readonly kubernetes: TestKubernetes | null,
  ) {}

  static async start(): Promise<Servers> {
    const folder = await mkdtemp(join(tmpdir(), 'autoresearch-places-'));
    await mkdir(spoolIn(folder));
    const slurm = noSlurmBecause === null ? await TestSlurm.start() : null;
    const standIn = await KubernetesStandIn.start(join(folder, 'kubeconfig'));
    const kubernetes = noKubernetesBecause === null ? await TestKubernetes.start() : null;
    return new Servers(folder, slurm, standIn, kubernetes);
  }

  async stop(): Promise<void> {
    // In turn, the newest first: each gives the variables back that it has set.
    await this.kubernetes?.stop();
    await this.standIn.stop();
    await this.slurm?.stop();
    await removeFolder(this.folder);
  }
}

const spoolIn = (folder: string) => join(folder, 'spool');
const SCHEDULER = packageFile('test', 'fixtures', 'platforms', 'torchx');
const program = shellWord(torchxProgram ?? 'torchx');
const torchxRun = (scheduler: string, script: string) =>
  `${program} run --workspace= -s ${scheduler} utils.sh --memMB 50 sh -c ${shellWord(`python3 ${script}`)}`;
const noTorchx = torchxProgram === null ? 'there is no torchx' : null;
const plain = (script: string) => `python3 ${script}`;
const byItsCommand = ['--platform', 'auto'];
const byManifest = ['--platform', 'kubernetes', '--job-manifest', MANIFEST];

export const PLACES: readonly Place[] = [
  { name: 'this host', missing: null, launch: plain, flags: ['--platform', 'local'], env: () => ({}) },
  {
    name: 'Slurm',
    missing: noSlurmBecause,
    launch: (script) => `sbatch --mem=200M --wrap ${shellWord(plain(script))}`,
    flags: byItsCommand,
    env: () => ({}),
    running: ({ slurm }) => runningOnSlurm(slurm!, '%j'),
  },
  {
    name: 'a stand-in for Kubernetes',
    missing: null,
    launch: plain,
    flags: byManifest,
    env: ({ folder }) => ({ KUBECONFIG: join(folder, 'kubeconfig') }),
    running: async ({ standIn }) => [...standIn.runningNames],
  },
  {
    name: 'the API server of Kubernetes',
    missing: noKubernetesBecause,
    launch: plain,
    flags: byManifest,
    env: ({ kubernetes }) => ({ KUBECONFIG: kubernetes!.file('kubeconfig.yaml') }),
    running: async ({ kubernetes }) =>
      (await kubernetes!.jobs())
        .filter(({ status }) => (status?.active ?? 0) > 0)
        .map(({ metadata }) => metadata.annotations['autoresearch/name']!),
  },
  {
    name: 'torchx on this host',
    missing: noTorchx,
    launch: (script) => torchxRun('local_cwd', script),
    flags: byItsCommand,
    env: () => ({}),
  },
  {
    name: "torchx with a company's scheduler",
    missing: noTorchx,
    launch: (script) => torchxRun('spooled', script),
    flags: byItsCommand,
    // Where one is registered, torchx knows no other.
    env: ({ folder }) => ({ AUTORESEARCH_TEST_SPOOL: spoolIn(folder), PYTHONPATH: SCHEDULER }),
    running: ({ folder }) => runningInSpool(spoolIn(folder)),
  },
  {
    name: 'torchx on Slurm',
    missing: noTorchx ?? noSlurmBecause,
    launch: (script) => torchxRun('slurm', script),
    flags: byItsCommand,
    env: () => ({}),
    running: ({ slurm }) => runningOnSlurm(slurm!, '%k'),
  },
];

export const onPlace = ({ name, missing }: Place) => (missing === null ? name : `${name} [skipped: ${missing}]`);

/** `field`: where the name stands, in squeue's words. */
async function runningOnSlurm(slurm: TestSlurm, field: string): Promise<string[]> {
  const rows = await slurm.done('squeue', '--noheader', '--states=RUNNING', `--format=${field}`);
  return rows.split('\n').filter((row) => row !== '');
}

async function runningInSpool(spool: string): Promise<string[]> {
  const apps = (await readdir(spool)).filter((each) => existsSync(join(spool, each, 'sh~0', 'pid')));
  return apps.filter((each) => !existsSync(join(spool, each, 'sh~0', 'code')));
}
