/** What the pipeline reports about itself, and whether an edit would silence it. */

const REPORTED = /\b(cpu_cores|ttfb_s|step|step_time_ms|fetch_time_ms|compute_time_ms|throughput_samples_per_s)=(?!=)/g;

/** Names that lines with `[autoresearch]` report. */
export function reportedNames(text: string): Set<string> {
  const names = new Set<string>();
  const lines = text.split('\n');
  lines.forEach((line, index) => {
    if (!line.includes('[autoresearch]')) return;
    names.add('[autoresearch]');
    // A formatted message may go on in the next lines of the same call.
    const message = lines
      .slice(index, index + 4)
      .join('\n')
      .slice(line.indexOf('[autoresearch]'));
    for (const match of message.matchAll(REPORTED)) if (match[1]) names.add(match[1]);
  });
  return names;
}

/** Names that all files together reported before and report no more. */
export function lostReports(before: Iterable<string>, after: Iterable<string>): string[] {
  const kept = new Set([...after].flatMap((text) => [...reportedNames(text)]));
  const had = new Set([...before].flatMap((text) => [...reportedNames(text)]));
  return [...had].filter((name) => !kept.has(name)).sort();
}
