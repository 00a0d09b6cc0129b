/** A workflow interceptor: every time-out of an activity is short, and so is the pause before its next try. */
import type { WorkflowInterceptorsFactory } from '@temporalio/workflow';

const HASTY_MS = 500;
const PAUSE_MS = 50;

export const interceptors: WorkflowInterceptorsFactory = () => ({
  outbound: [
    {
      scheduleActivity: (input, next) => {
        const { heartbeatTimeout, startToCloseTimeout, retry } = input.options;
        return next({
          ...input,
          options: {
            ...input.options,
            ...(heartbeatTimeout === undefined ? {} : { heartbeatTimeout: HASTY_MS }),
            ...(startToCloseTimeout === undefined ? {} : { startToCloseTimeout: HASTY_MS }),
            retry: { ...retry, initialInterval: PAUSE_MS },
          },
        });
      },
    },
  ],
});
