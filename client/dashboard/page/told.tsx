/** A sentence as reports write it, in which commands and names stand between backquotes. */

export function Told({ text }: { text: string }) {
  // Of what the backquotes part, every second piece stood between two of them.
  const parts = text.split(/`([^`\n]+)`/);
  return <>{parts.map((part, at) => (at % 2 === 1 ? <code key={at}>{part}</code> : part))}</>;
}
