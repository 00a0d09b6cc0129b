/** Chooses loopback ports: the wished ones that are free, else any free one. */
import { createServer } from 'node:net';

export const LOOPBACK = '127.0.0.1';

/** How often the system may pick a port that is taken all the same; it picks one of thousands. */
const PICKS = 5;

/** The first free port of `wishes`, else one that the system picks; none that `isTaken` says others need. */
export async function choosePort(
  wishes: readonly number[],
  isTaken: (port: number) => Promise<boolean> = async () => false,
): Promise<number> {
  const picks = Array.from({ length: PICKS }, () => 0);
  for (const wish of [...wishes, ...picks]) {
    const port = await listenable(wish);
    if (port !== null && !(await isTaken(port))) return port;
  }
  throw new Error(`no free port on ${LOOPBACK}`);
}

export async function isFree(port: number): Promise<boolean> {
  return (await listenable(port)) !== null;
}

async function listenable(port: number): Promise<number | null> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE' || error.code === 'EACCES') resolve(null);
      else reject(error);
    });
    server.listen({ port, host: LOOPBACK, exclusive: true }, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : null));
    });
  });
}
