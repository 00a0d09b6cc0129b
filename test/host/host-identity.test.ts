import { expect, it } from 'vitest';
import { type HostIdentity, hostMark, isElsewhere, markedBy, sharesPids } from '../../host/host-identity.js';

const here: HostIdentity = { name: 'box', machine: 'm1', boot: 'b1', pid_namespace: 'pid:[1]' };

it('says whose a mark is: this life, another life or machine of the name, another host', () => {
  expect(markedBy(hostMark(here), here)).toBe('ours');
  expect(markedBy(hostMark({ ...here, boot: 'b2' }), here)).toBe('namesake');
  expect(markedBy(hostMark({ ...here, pid_namespace: 'pid:[2]' }), here)).toBe('namesake');
  expect(markedBy(hostMark({ ...here, machine: 'm2' }), here)).toBe('namesake');
  expect(markedBy('box', here)).toBe('namesake');
  expect(markedBy(hostMark({ ...here, name: 'other' }), here)).toBe('other');
});

it('takes pids for the same within one boot and pid namespace alone', () => {
  expect(sharesPids(here, { ...here, name: 'renamed' })).toBe(true);
  expect(sharesPids(here, { ...here, boot: 'b2' })).toBe(false);
  expect(sharesPids({ ...here, boot: '' }, { ...here, boot: '', machine: 'm2' })).toBe(true);
  expect(isElsewhere({ ...here, boot: 'b2' }, here)).toBe(false);
  expect(isElsewhere({ ...here, boot: 'b2', name: 'other' }, here)).toBe(true);
});
