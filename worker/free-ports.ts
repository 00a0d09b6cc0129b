/** Chooses loopback ports: the wished ones that are free, else any free one. */
import { createServer } from 'node:net';

export const LOOPBACK = '127.0.0.1';

/** The first free port of `wishes`, else one that the system picks. */
export async function choosePort(wishes: readonly number[], taken: readonly number[] = []): Promise<number> {
  for (const wish of wishes) {
    if (!taken.includes(wish) && (await listenable(wish)) !== null) return wish;
  }
  const port = await listenable(0);
  if (port === null) throw new Error(`no free port on ${LOOPBACK}`);
  return port;
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
