/**
 * Accounts for a Slurm of the tests: Debian's mariadb and slurmdbd on free ports, as children of the test, with all of
 * their files in the folder of that Slurm.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { choosePort } from '../../../host/free-ports.js';

const PROGRAMS = ['slurmdbd', 'mariadbd', 'mariadb-install-db', 'mariadb', 'sacct', 'sacctmgr'];
const path = [process.env.PATH, '/usr/sbin'].filter(Boolean).join(delimiter);
const missing = PROGRAMS.find((program) => !path.split(delimiter).some((folder) => existsSync(join(folder, program))));

/** Why no accounts can be kept here, or null. */
export const noAccountsBecause =
  missing === undefined ? null : `${missing} is not installed (as root: node scripts/setup.mjs slurm-accounts)`;

/** The database opens and makes its tables; slow on a busy host. */
const UP_LIMIT_MS = 50_000;

export class TestAccounts {
  private database: ChildProcess | null = null;
  private daemon: ChildProcess | null = null;

  private constructor(
    private readonly root: string,
    private readonly databasePort: number,
    private readonly port: number,
  ) {}

  static async configure(root: string, taken: readonly number[]): Promise<TestAccounts> {
    const databasePort = await choosePort([], async (port) => taken.includes(port));
    const port = await choosePort([], async (each) => [...taken, databasePort].includes(each));
    const accounts = new TestAccounts(root, databasePort, port);
    const lines = [
      'DbdHost=localhost',
      'DbdAddr=127.0.0.1',
      `DbdPort=${port}`,
      'SlurmUser=root',
      'AuthType=auth/munge',
      `AuthInfo=socket=${join(root, 'munge.socket')}`,
      `LogFile=${join(root, 'slurmdbd.log')}`,
      `PidFile=${join(root, 'slurmdbd.pid')}`,
      'StorageType=accounting_storage/mysql',
      'StorageHost=127.0.0.1',
      `StoragePort=${databasePort}`,
      'StorageUser=slurm',
      'StoragePass=test',
      'StorageLoc=slurm_acct_db',
      '',
    ];
    await writeFile(join(root, 'slurmdbd.conf'), lines.join('\n'), { mode: 0o600 });
    return accounts;
  }

  /** Of slurm.conf. */
  get lines(): string[] {
    return [
      'AccountingStorageType=accounting_storage/slurmdbd',
      'AccountingStorageHost=127.0.0.1',
      `AccountingStoragePort=${this.port}`,
      // Towards slurmdbd this is the socket of munged.
      `AccountingStoragePass=${join(this.root, 'munge.socket')}`,
    ];
  }

  /** Needs the munged of that Slurm. */
  async start(): Promise<void> {
    const data = join(this.root, 'database');
    const env = { PATH: path };
    await execa('mariadb-install-db', ['--no-defaults', `--datadir=${data}`, '--user=root', '--skip-test-db'], { env });
    const socket = join(this.root, 'database.socket');
    const files = [`--datadir=${data}`, `--socket=${socket}`, `--log-error=${join(this.root, 'database.log')}`];
    const where = ['--bind-address=127.0.0.1', `--port=${this.databasePort}`];
    this.database = spawn('mariadbd', ['--no-defaults', '--user=root', ...files, ...where], {
      env: { ...process.env, PATH: path },
      stdio: 'ignore',
    });
    await this.untilUp(this.databasePort, 'database.log');
    const words =
      "CREATE DATABASE slurm_acct_db; CREATE USER 'slurm'@'127.0.0.1' IDENTIFIED BY 'test';" +
      " GRANT ALL ON slurm_acct_db.* TO 'slurm'@'127.0.0.1';" +
      " CREATE USER 'slurm'@'localhost' IDENTIFIED BY 'test'; GRANT ALL ON slurm_acct_db.* TO 'slurm'@'localhost';";
    await execa('mariadb', ['--no-defaults', `--socket=${socket}`, '--user=root', '--execute', words], { env });
    this.daemon = spawn('slurmdbd', ['-D'], { env: { ...process.env, PATH: path }, stdio: 'ignore' });
    await this.untilUp(this.port, 'slurmdbd.log');
  }

  kill(): void {
    for (const child of [this.daemon, this.database]) child?.kill('SIGKILL');
  }

  async stop(): Promise<void> {
    for (const child of [this.daemon, this.database]) {
      if (child === null || child.exitCode !== null || child.signalCode !== null) continue;
      const exit = once(child, 'exit');
      child.kill('SIGKILL');
      await exit;
    }
  }

  private async untilUp(port: number, log: string): Promise<void> {
    const deadline = Date.now() + UP_LIMIT_MS;
    while (!(await answers(port))) {
      const said = async () => (await readFile(join(this.root, log), 'utf8').catch(() => '')).slice(-2000);
      if (Date.now() > deadline) throw new Error(`nobody listens on port ${port}: ${await said()}`);
      await sleep(100);
    }
  }
}

async function answers(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
