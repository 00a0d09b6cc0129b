/**
 * What a run costs while one job runs and nothing happens: calls a minute to the Temporal server by method, memory and
 * CPU of the engine's process and of the server. `node bench/idle.mjs [seconds of the job] [minutes between lines]`, by
 * default an hour and ten minutes. Linux only: it reads /proc.
 */
import { withTypeScript } from '../scripts/typescript.mjs';

const [seconds = '3600', minutes = '10'] = process.argv.slice(2);
await withTypeScript('/bench/use/idle.ts', ({ measureIdle }) => measureIdle(Number(seconds), Number(minutes)));
