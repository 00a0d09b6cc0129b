/** What each planning round decided, and why. */
import type { PlanRow } from '../../../domain/board/board-types.js';
import { toExperiment } from './route.js';
import { Told } from './told.js';

interface PlansProps {
  run: number;
  plans: readonly PlanRow[];
  unreached: readonly string[];
}

export function PlansView({ run, plans, unreached }: PlansProps) {
  return (
    <>
      <h1>Planning rounds</h1>
      {plans.length === 0 && <p class="empty">No round has ended yet.</p>}
      {unreached.length > 0 && (
        <section class="panel">
          <h2>Out of reach</h2>
          <ul class="findings">
            {unreached.map((text) => (
              <li key={text}>
                <Told text={text} />
              </li>
            ))}
          </ul>
        </section>
      )}
      {plans.map((plan) => (
        <article class="panel" key={plan.iteration}>
          <h2>
            Round {plan.iteration} <span class="quiet">{plan.action}</span>
          </h2>
          {plan.reasoning !== '' && (
            <p class="text">
              <Told text={plan.reasoning} />
            </p>
          )}
          {plan.failure !== null && (
            <p class="failure">
              <Told text={plan.failure} />
            </p>
          )}
          {plan.accepted.length > 0 && (
            <p>
              Queued:{' '}
              {plan.accepted.map((nodeId, index) => (
                <span key={nodeId}>
                  {index > 0 && ', '}
                  <a href={toExperiment(run, nodeId)}>{nodeId}</a>
                </span>
              ))}
            </p>
          )}
          {plan.refused.length > 0 && (
            <ul class="findings">
              {plan.refused.map(({ name, reason }) => (
                <li key={name}>
                  <strong>{name}</strong> refused: <Told text={reason} />
                </li>
              ))}
            </ul>
          )}
        </article>
      ))}
    </>
  );
}
