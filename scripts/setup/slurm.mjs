// Slurm for the tests of that platform, from Debian's packages: `node scripts/setup.mjs slurm`, and `slurm-accounts`
// for its accounts. Of the database the programs alone are taken: no service is set up, tests start what they need.
import { fromApt } from './apt.mjs';

const SLURM = { slurmctld: 'slurm-wlm', munged: 'munge' };
const ACCOUNTS = {
  slurmdbd: 'slurmdbd',
  mariadbd: 'mariadb-server-core',
  mariadb: 'mariadb-client-core',
};

export const slurm = fromApt(SLURM);
export const slurmAccounts = fromApt(ACCOUNTS);
