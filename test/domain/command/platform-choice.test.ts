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
    ['nice -n 5 sbatch train.sh', 'slurm'],
    ['nice --adjustment=5 sbatch train.sh', 'slurm'],
    ['time -p sbatch train.sh', 'slurm'],
    ['env -u X -i A=1 sbatch train.sh', 'slurm'],
    ['timeout -k 5 60 sbatch train.sh', 'slurm'],
    ['sudo -u me stdbuf -o L sbatch train.sh', 'slurm'],
    ["bash -c 'sbatch train.sh'", 'slurm'],
    ['bash -lc "cd work && exec sbatch train.sh"', 'slurm'],
    ["bash --norc -e -c 'sbatch train.sh'", 'slurm'],
    ["eval 'sbatch train.sh'", 'slurm'],
    ['JOB=$(sbatch --parsable train.sh)', 'slurm'],
    ['JOB="$(sbatch --parsable train.sh)" && echo $JOB', 'slurm'],
    ['echo `sbatch train.sh`', 'slurm'],
    ['if test -e data; then sbatch train.sh; fi', 'slurm'],
    ['for i in 1 2; do sbatch train.sh; done', 'slurm'],
    ['while ! sbatch train.sh; do sleep 5; done', 'slurm'],
    ['{ sbatch train.sh; }', 'slurm'],
    ['(sbatch train.sh)', 'slurm'],
    ['salloc -N 1 srun python train.py', 'slurm'],
    ['ssh login sbatch train.sh', 'slurm'],
    ["ssh login 'sbatch train.sh'", 'slurm'],
    ['ls *.sh | xargs -n 1 sbatch', 'slurm'],
    ['python -m torchx run dist.ddp', 'torchx'],
    ['python3.11 -u -m torchx.cli.main --log_level INFO run dist.ddp', 'torchx'],
    ['torchx --log_level INFO run -s slurm dist.ddp', 'torchx'],
    ['torchx --log_level=INFO run -s local_cwd dist.ddp', 'local'],
    ["bash -c 'torchx run -s slurm dist.ddp'", 'torchx'],
    ["sh -c 'kubectl apply -f job.yaml'", 'kubernetes'],
    ['timeout 60 kubectl apply -f job.yaml', 'kubernetes'],
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
    ['command -v sbatch && python train.py', 'local'],
    ["echo '$(sbatch x)'", 'local'],
    ['python train.py "sbatch $(date)"', 'local'],
    ['bash run.sh -c "sbatch x"', 'local'],
    ['ssh node python train.py', 'local'],
    ['timeout 60 python train.py', 'local'],
    ['python -m torchx_like run', 'local'],
    ['torchx --log_level run list', 'local'],
  ])('%s: %s', (command, platform) => {
    expect(choosePlatform(command)).toMatchObject({ platform });
  });

  it('says why', () => {
    expect(choosePlatform('/opt/slurm/bin/sbatch job.sh').why).toBe('the launch command calls sbatch');
  });
});
