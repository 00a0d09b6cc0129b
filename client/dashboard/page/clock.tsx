/** Times that go on while they are looked at. */
import { useEffect, useState } from 'preact/hooks';

/** 3 725 000 ms -> "1:02:05". */
export function clockText(ms: number): string {
  const total = Math.max(0, Math.floor(ms / 1000));
  const [hours, minutes, seconds] = [Math.floor(total / 3600), Math.floor(total / 60) % 60, total % 60];
  const two = (value: number) => String(value).padStart(2, '0');
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds)}` : `${minutes}:${two(seconds)}`;
}

/** Now, in ms, once a second while `isGoing`. */
export function useNow(isGoing: boolean): number {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    if (!isGoing) return;
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, [isGoing]);
  return now;
}

/** Since `sinceMs`, or, where it goes on no more, so long. */
export function Elapsed({ untilMs, sinceMs }: { untilMs: number; sinceMs: number | null }) {
  const now = useNow(sinceMs !== null);
  return <span class="number">{clockText(sinceMs === null ? untilMs : now - sinceMs)}</span>;
}

export function timeOfDay(ms: number): string {
  return new Date(ms).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' });
}
