/** The Temporal dev server's flags: their one home. temporal-dev.yml is compared with them by a test. */

export interface ServerPlace {
  /** Path of the database: the durable state of every workflow. */
  dbFile: string;
  /** Address to listen on. The dev server has no authentication: outside a container this must be loopback. */
  ip: string;
  /** gRPC port. */
  port: number;
  uiPort: number;
}

/** Arguments of the `temporal` command. */
export function serverFlags({ dbFile, ip, port, uiPort }: ServerPlace): string[] {
  return [
    ...['server', 'start-dev'],
    ...['--db-filename', dbFile],
    // Readers do not block the writer, and a commit costs no fsync: a crash of the host may lose the last moments,
    // never the file.
    ...['--sqlite-pragma', 'journal_mode=WAL'],
    ...['--sqlite-pragma', 'synchronous=NORMAL'],
    ...['--ip', ip],
    ...['--port', String(port)],
    ...['--ui-port', String(uiPort)],
    ...['--log-level', 'warn'],
  ];
}
