/** Times of the Temporal server in ISO 8601; null where it says none. */
export function isoTime(time: { seconds?: unknown } | null | undefined): string | null {
  return time?.seconds ? new Date(Number(time.seconds) * 1000).toISOString() : null;
}
