/**
 * What to say to whoever would go on with a run whose baseline failed: the one thing that works. A job's environment is
 * that of the shell which starts its run.
 */
export const BEGIN_ANEW =
  'change what failed, and start again with a new workdir: give the same command in a shell in which the job runs, with ' +
  'another workdir; this one has nothing to compare with, and ends again whatever is changed';
