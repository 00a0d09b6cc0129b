/** An experiment's life as bars on one axis of time. */
import type { Span } from '../../../../domain/board/board-types.js';
import { clockText, timeOfDay, useNow } from '../clock.js';

export function Timeline({ spans }: { spans: readonly Span[] }) {
  const now = useNow(spans.some(({ endMs }) => endMs === null));
  const begin = spans[0]?.beginMs;
  if (begin === undefined) return <p class="empty">Nothing has happened to it yet.</p>;
  const end = Math.max(...spans.map(({ endMs }) => endMs ?? now), begin + 1);
  const percent = (ms: number) => `${(100 * (ms - begin)) / (end - begin)}%`;
  return (
    <>
      <p class="quiet">
        {timeOfDay(begin)}, {clockText(end - begin)} in all
      </p>
      <table class="timeline">
        <tbody>
          {spans.map(({ name, beginMs, endMs }) => (
            <tr key={`${name}-${beginMs}`}>
              <th scope="row">{name}</th>
              <td class="bar-cell">
                <span class="track">
                  <span
                    data-span={name}
                    style={{
                      left: percent(beginMs),
                      width: `calc(${percent(begin + (endMs ?? now) - beginMs)} + 2px)`,
                    }}
                  />
                </span>
              </td>
              <td class="right number">{spanText((endMs ?? now) - beginMs)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}

const spanText = (ms: number) => (ms < 10_000 ? `${(ms / 1000).toFixed(1)} s` : clockText(ms));
