/** What a container printed, with the time of each line, as a kubelet keeps and tells it. */
import { EventEmitter, once } from 'node:events';

interface Entry {
  /** Nanoseconds since 1970; no two lines have the same. */
  at: bigint;
  text: string;
}

export class ContainerLog {
  private readonly entries: Entry[] = [];
  private readonly events = new EventEmitter().setMaxListeners(0);
  private last = 0n;
  private isOver = false;
  private readonly rest = { stdout: '', stderr: '' };

  add(stream: 'stdout' | 'stderr', text: string): void {
    const parts = (this.rest[stream] + text).split('\n');
    this.rest[stream] = parts.pop() ?? '';
    for (const part of parts) this.put(`${part}\n`);
  }

  end(): void {
    for (const stream of ['stdout', 'stderr'] as const) if (this.rest[stream] !== '') this.put(this.rest[stream]);
    this.isOver = true;
    this.events.emit('more');
  }

  /** From that time on; to the end of the container where it is followed. */
  async *read(options: { sinceMs: number; timestamps: boolean; follow: boolean }): AsyncGenerator<string> {
    for (let next = 0; ; ) {
      const part = this.entries.slice(next);
      next += part.length;
      const shown = part.filter(({ at }) => at >= BigInt(options.sinceMs) * 1_000_000n);
      if (shown.length > 0)
        yield shown.map(({ at, text }) => (options.timestamps ? `${timeText(at)} ${text}` : text)).join('');
      if (next < this.entries.length) continue;
      if (this.isOver || !options.follow) return;
      await once(this.events, 'more');
    }
  }

  private put(text: string): void {
    const now = BigInt(Date.now()) * 1_000_000n;
    this.last = now > this.last ? now : this.last + 1n;
    this.entries.push({ at: this.last, text });
    this.events.emit('more');
  }
}

/** RFC 3339 as Go writes it: without zeros at the end of the fraction. */
function timeText(at: bigint): string {
  const second = new Date(Number(at / 1_000_000_000n) * 1000).toISOString().slice(0, 19);
  const fraction = String(at % 1_000_000_000n)
    .padStart(9, '0')
    .replace(/0+$/, '');
  return `${second}${fraction === '' ? '' : `.${fraction}`}Z`;
}
