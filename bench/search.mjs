/** Prints how many experiments the playbook's search needs on simulated pipelines: `node bench/search.mjs`. */
import { withTypeScript } from '../scripts/typescript.mjs';

await withTypeScript('/bench/search/search-efficiency.ts', ({ efficiencyReport }) => console.log(efficiencyReport()));
