import { expect, it } from 'vitest';
import { lookedUpProgram } from '../../../domain/command/looked-up-program.js';

it.each([
  ['python train.py --epochs 1', 'python'],
  ['A=1 nice -n 5 python3.11 train.py', 'python3.11'],
  ['cd code && set -e; mkdir -p out && torchrun --nproc-per-node 2 train.py | tee log', 'torchrun'],
  ['source env/bin/activate && python train.py', 'source'],
  ['export PATH=/x:$PATH; python train.py', 'export'],
  // Not known from the text alone.
  ['./train.sh', null],
  ['~/env/bin/python train.py', null],
  ['$PYTHON train.py', null],
  ['"$PYTHON" train.py', null],
  ['$IMAGE/bin/run', null],
  ['PATH=/x:$PATH python train.py', null],
  ['PATH=/x:$PATH; python train.py', null],
  ['env -i PATH=/x python train.py', null],
  ['python3.12 train.py || python train.py', null],
  ['sudo python train.py', null],
  ['if true; then python train.py; fi', null],
  ['(cd code; python train.py)', null],
  ['train() { python train.py; }; train', null],
])('%s: %s', (command, program) => {
  expect(lookedUpProgram(command)).toBe(program);
});
