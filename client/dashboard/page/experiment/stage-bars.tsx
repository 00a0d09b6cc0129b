/** The stages of pipelines from source to sink: bars for the time of an item, and how busy each stage was. */
import type { PipelineBars, StageBar } from '../../../../domain/board/board-types.js';
import { Scroll } from '../scroll.js';

export function StageBars({ pipelines, limits }: { pipelines: readonly PipelineBars[]; limits: readonly string[] }) {
  return (
    <>
      {pipelines.map(({ pipeline, stages }) => (
        <Pipeline key={pipeline} stages={stages} name={pipelines.length > 1 ? `Pipeline ${pipeline}` : null} />
      ))}
      {limits.length > 0 && (
        <ul class="findings">
          {limits.map((limit) => (
            <li key={limit}>{limit.replaceAll('`', '')}</li>
          ))}
        </ul>
      )}
    </>
  );
}

function Pipeline({ stages, name }: { stages: readonly StageBar[]; name: string | null }) {
  const longest = Math.max(...stages.map(({ itemMs }) => itemMs ?? 0), 1e-9);
  return (
    <Scroll label={name ?? 'Stages'}>
      {name !== null && <h3>{name}</h3>}
      <table class="stages">
        <thead>
          <tr>
            <th>Stage</th>
            <th>Time for an item, at best</th>
            <th>Busy</th>
            <th>Output queue</th>
            <th>State</th>
          </tr>
        </thead>
        <tbody>
          {stages.map((stage) => (
            <tr key={stage.name + stage.concurrency} class={stage.isBottleneck ? 'bottleneck' : ''}>
              <th scope="row">
                <code>{stage.name}</code> <span class="quiet">× {stage.concurrency}</span>
              </th>
              <td class="bar-cell">
                {stage.itemMs !== null && (
                  <span class="bar">
                    <span style={{ width: `${(100 * stage.itemMs) / longest}%` }} />
                    <span class="number">{ms(stage.itemMs)}</span>
                  </span>
                )}
                <span class="quiet">{[stage.taskText, stage.rateText].filter((text) => text !== '').join(', ')}</span>
              </td>
              <td class="right number">{share(stage.busy)}</td>
              <td class="right number">{share(stage.queue)}</td>
              <td>{stage.isBottleneck ? <strong>bottleneck</strong> : stage.condition}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

const share = (value: number | null) => (value === null ? '-' : `${Math.round(value * 100)}%`);
const ms = (value: number) => `${Number(value.toPrecision(3))} ms`;
