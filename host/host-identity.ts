/**
 * Which host a recorded process means. A pid says nothing on another machine, in another container, or after a reboot:
 * the kernel's boot and its pid namespace tell where it counts, the names tell people where that is.
 */
import { createHash } from 'node:crypto';
import { readFile, readlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import { z } from 'zod';

export const HostSchema = z.object({
  /** Of a container usually its id. */
  name: z.string(),
  /** /etc/machine-id; '' where there is none. */
  machine: z.string(),
  boot: z.string(),
  pid_namespace: z.string(),
});

export type HostIdentity = z.infer<typeof HostSchema>;

export async function thisHost(): Promise<HostIdentity> {
  const text = (path: string) =>
    readFile(path, 'utf8').then(
      (value) => value.trim(),
      () => '',
    );
  const [machine, boot, pid_namespace] = await Promise.all([
    text('/etc/machine-id'),
    text('/proc/sys/kernel/random/boot_id'),
    readlink('/proc/self/ns/pid').catch(() => ''),
  ]);
  return { name: hostname(), machine, boot, pid_namespace };
}

/** Whether pids of the one are pids of the other. */
export function sharesPids(one: HostIdentity, other: HostIdentity): boolean {
  // Where the kernel names no boot, the names have to do.
  if (one.boot === '' && other.boot === '') return one.name === other.name;
  return one.boot === other.boot && one.pid_namespace === other.pid_namespace;
}

/** The same machine or container before it was started anew, or one that is named like it. */
export function isNamedLike(one: HostIdentity, other: HostIdentity): boolean {
  return one.name === other.name && one.machine === other.machine;
}

/** A process recorded there, of which nobody can say from here whether it lives. */
export function isElsewhere(host: HostIdentity, here: HostIdentity): boolean {
  return !sharesPids(host, here) && !isNamedLike(host, here);
}

/**
 * Who made what bears a mark: a life of this host whose pids are ours, one whose pids say nothing here (a reboot, a
 * container, a machine of the same name), or another host.
 */
export function markedBy(mark: string, here: HostIdentity): 'ours' | 'namesake' | 'other' {
  if (mark === hostMark(here)) return 'ours';
  return mark.split('~')[0] === here.name ? 'namesake' : 'other';
}

/** In names of files: the host's name, and a mark of the life and the pid namespace in which its pids count. */
export function hostMark({ name, machine, boot, pid_namespace }: HostIdentity): string {
  const life = [machine, boot, pid_namespace].join(' ');
  return `${name}~${createHash('sha256').update(life).digest('hex').slice(0, 8)}`;
}
