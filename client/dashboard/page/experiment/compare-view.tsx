/** Two experiments side by side. */

import { toExperiment } from '../route.js';
import type { Source } from '../source/source.js';
import { Told } from '../told.js';
import { useAnswer } from '../use-answer.js';
import { DiffView } from './diff-view.js';
import { LaunchCommands } from './launch-commands.js';
import { Metrics } from './metrics.js';
import { StageBars } from './stage-bars.js';

interface CompareProps {
  source: Source;
  run: number;
  one: string;
  other: string;
  version: number;
}

export function CompareView({ source, run, one, other, version }: CompareProps) {
  const table = useAnswer(() => source.comparison(run, one, other), [run, one, other, version]);
  return (
    <>
      <h1>
        {one} and {other}
      </h1>
      {table === null && <p class="empty">One of them is not an experiment of this run.</p>}
      {table && (
        <section class="panel">
          <h2>Metrics</h2>
          <Metrics run={run} table={table} />
        </section>
      )}
      <LaunchCommands source={source} run={run} one={one} other={other} version={version} />
      <div class="two-columns">
        <Side source={source} run={run} nodeId={one} version={version} />
        <Side source={source} run={run} nodeId={other} version={version} />
      </div>
      {source.isLive ? (
        <section class="panel">
          <DiffView source={source} run={run} nodeId={other} version={version} against={one} />
        </section>
      ) : (
        // A copy holds the code of each against what it builds on, not of each pair.
        [one, other].map((nodeId) => (
          <section class="panel" key={nodeId}>
            <DiffView
              source={source}
              run={run}
              nodeId={nodeId}
              version={version}
              title={`Code of ${nodeId} against what it builds on`}
            />
          </section>
        ))
      )}
    </>
  );
}

function Side({ source, run, nodeId, version }: { source: Source; run: number; nodeId: string; version: number }) {
  const answer = useAnswer(() => source.experiment(run, nodeId), [run, nodeId, version]);
  if (!answer) return null;
  const { page } = answer;
  return (
    <section class="panel">
      <h2>
        <a href={toExperiment(run, nodeId)}>{nodeId}</a>
      </h2>
      <p class="result-line">
        <strong>{page.standing.value}</strong> <span class="quiet">{page.status}</span>
      </p>
      <p class="text">
        <Told text={page.hypothesis} />
      </p>
      {page.pipelines.length > 0 && <StageBars pipelines={page.pipelines} limits={page.limits.slice(0, 1)} />}
    </section>
  );
}
