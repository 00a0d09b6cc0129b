/** The files by which a Slurm of the tests is configured: all that it is and has stands in one folder. */
import { writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';

const OVER_MEMORY = 'JobAcctGatherParams=OverMemoryKill';

interface SlurmOptions {
  controllerPort: number;
  nodePort: number;
  firstJobId: number;
  hasControlGroups: boolean;
  /** Lines of slurm.conf; undefined where no accounts are kept. */
  accounts: readonly string[] | undefined;
}

/**
 * More CPUs than there are: a job is a shell that sleeps. One GPU, behind which is nothing. The partition `urgent`
 * takes what `main` and `gpu` hold.
 */
export async function writeSlurmConf(
  root: string,
  { controllerPort, nodePort, firstJobId, hasControlGroups, accounts }: SlurmOptions,
): Promise<void> {
  const file = (name: string) => join(root, name);
  const host = hostname();
  const lines = [
    'ClusterName=autoresearch',
    `FirstJobId=${firstJobId}`,
    `SlurmctldHost=${host}(127.0.0.1)`,
    'SlurmUser=root',
    'SlurmdUser=root',
    `SlurmctldPort=${controllerPort}`,
    `SlurmdPort=${nodePort}`,
    'AuthType=auth/munge',
    `AuthInfo=socket=${file('munge.socket')}`,
    `StateSaveLocation=${file('state')}`,
    `SlurmdSpoolDir=${file('spool')}`,
    `SlurmctldPidFile=${file('slurmctld.pid')}`,
    `SlurmdPidFile=${file('slurmd.pid')}`,
    `SlurmctldLogFile=${file('slurmctld.log')}`,
    `SlurmdLogFile=${file('slurmd.log')}`,
    `PlugStackConfig=${file('plugstack.conf')}`,
    'ProctrackType=proctrack/linuxproc',
    ...(hasControlGroups ? ['TaskPlugin=task/cgroup'] : ['TaskPlugin=task/none', OVER_MEMORY]),
    'MpiDefault=none',
    'SelectType=select/cons_tres',
    'SelectTypeParameters=CR_CPU_Memory',
    'JobAcctGatherType=jobacct_gather/linux',
    'JobAcctGatherFrequency=task=1',
    ...(accounts ?? ['AccountingStorageType=accounting_storage/none']),
    'PreemptType=preempt/partition_prio',
    'PreemptMode=CANCEL',
    'SchedulerParameters=sched_interval=1,sched_min_interval=0,batch_sched_delay=0,bf_interval=1',
    'SlurmdParameters=config_overrides',
    'MinJobAge=3600',
    'KillWait=8',
    'MessageTimeout=5',
    'ReturnToService=2',
    `NodeName=${host} NodeAddr=127.0.0.1 CPUs=64 RealMemory=64000 Gres=gpu:1`,
    'GresTypes=gpu',
    'PartitionName=main Nodes=ALL Default=YES State=UP PriorityTier=1 DefMemPerCPU=500',
    'PartitionName=gpu Nodes=ALL State=UP PriorityTier=1 DefMemPerCPU=500',
    'PartitionName=urgent Nodes=ALL State=UP PriorityTier=10 DefMemPerCPU=500',
    '',
  ];
  await writeFile(file('slurm.conf'), lines.join('\n'));
  await writeFile(file('plugstack.conf'), '');
  await writeFile(file('gres.conf'), 'Name=gpu File=/dev/null\n');
  await writeFile(file('cgroup.conf'), 'CgroupPlugin=cgroup/v1\nCgroupAutomount=no\nConstrainRAMSpace=yes\n');
}
