import { expect, it } from 'vitest';
import { isJobFolder, isLocalJobId, isNodeId, isRequestId, localJobId } from '../../../domain/run/naming.js';

it('knows the ids of local jobs: those of nodes, and those of the Python original', () => {
  for (const id of [localJobId('001_mtp'), localJobId('_adopted'), 'local_1730000000000']) {
    expect(isLocalJobId(id)).toBe(true);
    expect(isJobFolder(id)).toBe(true);
  }
  for (const id of ['local_', 'local_../x', 'local_a/b', '../local_a', 'remote_a', ''])
    expect(isLocalJobId(id)).toBe(false);
});

it('takes for the name of a folder what leads to no other folder', () => {
  expect(isJobFolder('job-7.1')).toBe(true);
  for (const id of ['..', '.hidden', 'a/b', 'team/job/7', '']) expect(isJobFolder(id)).toBe(false);
});

it('takes for the name of a node or a request what may name a file', () => {
  expect([isNodeId('001_mtp'), isNodeId('_x'), isNodeId('a.b-c')]).toEqual([true, true, true]);
  expect([isNodeId('../x'), isNodeId('-x'), isNodeId(7), isNodeId('a'.repeat(129))]).toEqual([
    false,
    false,
    false,
    false,
  ]);
  expect([isRequestId('a-b_1'), isRequestId('a.b'), isRequestId('')]).toEqual([true, false, false]);
});
