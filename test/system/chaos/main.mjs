/** Runs the chaos campaign from its TypeScript sources: `node test/system/chaos/main.mjs --kills N --seed S`. */
import { withTypeScript } from '../../../scripts/typescript.mjs';

process.exit(await withTypeScript('/test/system/chaos/command.ts', ({ chaos }) => chaos(process.argv.slice(2))));
