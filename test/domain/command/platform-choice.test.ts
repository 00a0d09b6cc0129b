import { describe, expect, it } from 'vitest';
import { choosePlatform } from '../../../domain/command/platform-choice.js';

describe('the platform of a launch command', () => {
  it.each([
    ['python train.py', 'local'],
    ['sbatch train.sbatch --epochs 1', 'slurm'],
    ['cd work && A=1 exec /usr/bin/srun -n 4 python train.py', 'slurm'],
    ['env FOO=x srun python train.py', 'slurm'],
    ['torchx run -s slurm dist.ddp --script train.py', 'torchx'],
    ['torchx run dist.ddp --script train.py', 'torchx'],
    ['torchx run --scheduler=local_cwd dist.ddp --script train.py', 'local'],
    ['torchx run -s local_docker dist.ddp', 'local'],
    ['torchx runopts', 'local'],
    ['kubectl apply -f job.yaml', 'kubernetes'],
    ['cd jobs && kubectl -n team --context=big create -f job.yaml', 'kubernetes'],
    ['kubectl create job train --image=x -- python train.py', 'kubernetes'],
    ['jobs/train.yaml', 'kubernetes'],
    // They run here and wait, or make no job.
    ['kubectl exec pod -- python train.py', 'local'],
    ['kubectl create namespace team', 'local'],
    // Words of another command.
    ['python train.py conf.yaml', 'local'],
    ['python train.py --launcher srun', 'local'],
    ['echo "sbatch x"', 'local'],
    ['python train.py # srun', 'local'],
  ])('%s: %s', (command, platform) => {
    expect(choosePlatform(command)).toMatchObject({ platform });
  });

  it('says why', () => {
    expect(choosePlatform('/opt/slurm/bin/sbatch job.sh').why).toBe('the launch command calls sbatch');
  });
});
