/** What is under way now, with the time that it will probably take. */
import type { RunningRow } from '../../../domain/board/board-types.js';
import { clockText, useNow } from './clock.js';
import { toExperiment } from './route.js';
import { Scroll } from './scroll.js';

interface RunningJobsProps {
  run: number;
  /** Whether an engine looks after them: else nobody knows how far they are. */
  served: boolean;
  rows: readonly RunningRow[];
  waiting: number;
}

export function RunningJobs({ run, served, rows, waiting }: RunningJobsProps) {
  const now = useNow(served && rows.length > 0);
  if (rows.length === 0) return null;
  return (
    <section class="panel">
      <h2>Under way</h2>
      <Scroll label="Jobs">
        <table class="running">
          <thead class="hidden">
            <tr>
              <th>Experiment</th>
              <th>Step</th>
              <th>Since</th>
              <th>Progress</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row.nodeId}>
                <td>
                  <a href={toExperiment(run, row.nodeId)}>{row.nodeId}</a>
                </td>
                <td>{row.step}</td>
                <td class="right number">{served && clockText(now - row.sinceMs)}</td>
                <td>{served && <JobProgress row={row} now={now} />}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
      {waiting > 0 && (
        <p class="quiet">
          {waiting} more in the <a href={`#/${run}/queue`}>queue</a>
        </p>
      )}
    </section>
  );
}

function JobProgress({ row, now }: { row: RunningRow; now: number }) {
  if (row.expectedMs === null) return null;
  const took = now - row.sinceMs;
  const share = Math.min(1, took / row.expectedMs);
  const left = row.expectedMs - took;
  const text = left > 0 ? `about ${clockText(left)} left` : 'longer than others';
  return (
    <span class="job-progress">
      <progress max={100} value={Math.round(share * 100)} aria-label={`${row.nodeId}: ${text}`} />
      <span class="quiet">{text}</span>
    </span>
  );
}
