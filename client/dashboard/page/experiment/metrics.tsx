/** Metrics of experiments side by side; changes are against the first column. */
import type { MetricTable } from '../../../../domain/board/board-types.js';
import { toExperiment } from '../route.js';
import { Scroll } from '../scroll.js';

export function Metrics({ run, table }: { run: number; table: MetricTable }) {
  if (table.rows.length === 0) return <p class="empty">Nothing was measured yet.</p>;
  return (
    <Scroll label="Metrics">
      <table class="metrics">
        <thead>
          <tr>
            <th>Metric</th>
            {table.columns.map(({ nodeId, title }) => (
              <th key={nodeId} class="right">
                {title === nodeId || title === 'this one' ? title : <a href={toExperiment(run, nodeId)}>{title}</a>}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {table.rows.map(({ name, cells }) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              {cells.map(({ text, change, isBetter }, index) => (
                <td class="right" key={table.columns[index]?.nodeId}>
                  <span class="number">{text}</span>
                  {change !== '' && (
                    <span class={`change ${isBetter === null ? '' : isBetter ? 'better' : 'worse'}`}>{change}</span>
                  )}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}
