import { statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { RoomWatch } from '../../host/disk-room.js';

vi.mock('node:fs/promises', async (load) => {
  const real = await load<typeof import('node:fs/promises')>();
  return { ...real, statfs: vi.fn(real.statfs) };
});

beforeEach(() => vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] }));
afterEach(() => {
  vi.useRealTimers();
  vi.mocked(statfs).mockReset();
});

it('looks once for all who ask, and not at all when nobody does', () => {
  const watch = new RoomWatch(tmpdir());
  expect(vi.getTimerCount()).toBe(0);
  const asked = [watch.begin(), watch.begin(), watch.begin()];
  expect(vi.getTimerCount()).toBe(1);
  for (const one of asked) one[Symbol.dispose]();
  expect(vi.getTimerCount()).toBe(0);
});

it('tells each whether there was too little room since it began', async () => {
  const real = await statfs(tmpdir());
  const watch = new RoomWatch(tmpdir());
  const first = watch.begin();
  vi.mocked(statfs).mockResolvedValueOnce({ ...real, blocks: 1000, bsize: 4096, bavail: 0 } as never);
  await vi.advanceTimersByTimeAsync(200);
  const second = watch.begin();
  expect([await first.wasShort(), await second.wasShort()]).toEqual([true, false]);
  for (const one of [first, second]) one[Symbol.dispose]();
});
