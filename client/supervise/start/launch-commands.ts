/** Commands that start a script, as a README, a Makefile or a shell script writes them. Texts in, texts out. */

const STARTERS =
  /^(?:python[\d.]*|torchrun|accelerate|uv|poetry|pipenv|srun|mpirun|deepspeed|env|[A-Z_][A-Z0-9_]*=\S+)$/;
const LONGEST = 500;

/** `script` is relative to the repository. Comments and prompts are taken off, continued lines joined. */
export function launchCommandsIn(text: string, script: string): string[] {
  const joined = text.replace(/\s*\\\r?\n\s*/g, ' ');
  return joined.split('\n').flatMap((line) => {
    const command = plainCommand(line);
    const [first = ''] = command.split(/\s+/);
    const isStarter = STARTERS.test(first.split('/').at(-1)!);
    return isStarter && command.length <= LONGEST && names(command, script) && isWhole(command) ? [command] : [];
  });
}

/** Without what surrounds a command: a prompt, a list mark, backquotes, the tab and the @ of a recipe. */
function plainCommand(line: string): string {
  const bare = line
    .trim()
    .replace(/^(?:[-*]\s+)?(?:\$|>|%)?\s*/, '')
    .replace(/^[@-]+(?=\w)/, '');
  const quoted = /`([^`]+)`/.exec(bare);
  const command = quoted && bare.replace(quoted[0], '').length < bare.length / 2 ? quoted[1]! : bare;
  return command
    .replace(/\s+#.*$/, '')
    .replace(/\s*&$/, '')
    .trim();
}

function names(command: string, script: string): boolean {
  const words = command.split(/\s+/);
  const file = script.split('/').at(-1)!;
  const dotted = script.replace(/\.py$/, '').replaceAll('/', '.');
  const isModule = words.some((word, at) => words[at - 1] === '-m' && (word === dotted || dotted.endsWith(`.${word}`)));
  return (
    isModule ||
    words.some((word) => word === script || word === `./${script}` || word.endsWith(`/${file}`) || word === file)
  );
}

/** A variable of Make, or a place that a reader has to fill in, makes it no command. */
function isWhole(command: string): boolean {
  return !/\$\(|<[a-z_ /-]+>|\.\.\.|…|\{\{/i.test(command);
}
