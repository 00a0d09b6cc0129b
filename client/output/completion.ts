/** Completion for bash, zsh and fish: commands, and the flags of each, from the definitions that `--help` has. */
import type { CommandDefinition } from '../command-definition.js';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

export function completionScript(shell: Shell, commands: readonly CommandDefinition[]): string {
  return SCRIPTS[shell](commands);
}

function flagsOf({ flags = [] }: CommandDefinition): { name: string; help: string; takesValue: boolean }[] {
  const own = flags.map(({ flags: text, help }) => ({
    name: /--[a-z-]+/.exec(text)?.[0] ?? '',
    help,
    takesValue: /[<[]/.test(text),
  }));
  return [...own, { name: '--json', help: 'answer in JSON', takesValue: false }];
}

const SCRIPTS: Record<Shell, (commands: readonly CommandDefinition[]) => string> = {
  bash: (
    commands,
  ) => `# Bash completion of autoresearch: put it where your bash looks, or \`source <(autoresearch completion bash)\`.
_autoresearch() {
  local current="\${COMP_WORDS[COMP_CWORD]}"
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "${commands.map(({ name }) => name).join(' ')}" -- "$current"))
    return
  fi
  case "\${COMP_WORDS[1]}" in
${commands.map((each) => `    ${each.name}) local flags="${names(each)}" ;;`).join('\n')}
    *) local flags="" ;;
  esac
  if [[ "$current" == -* ]]; then COMPREPLY=($(compgen -W "$flags" -- "$current")); else COMPREPLY=($(compgen -f -- "$current")); fi
}
complete -o filenames -F _autoresearch autoresearch
`,
  zsh: (commands) => `#compdef autoresearch
# Zsh completion of autoresearch: put it into a folder of $fpath, or \`source <(autoresearch completion zsh)\`.
_autoresearch() {
  if (( CURRENT == 2 )); then
    local -a commands=(
${commands.map(({ name, help }) => `      ${quoted(`${name}:${help}`)}`).join('\n')}
    )
    _describe command commands
    return
  fi
  local -a flags
  case "$words[2]" in
${commands.map((each) => `    ${each.name}) flags=(${flagsOf(each).map(zshFlag).join(' ')}) ;;`).join('\n')}
  esac
  _arguments -s $flags '*:file:_files'
}
compdef _autoresearch autoresearch
`,
  fish: (commands) =>
    [
      '# Fish completion of autoresearch: `autoresearch completion fish > ~/.config/fish/completions/autoresearch.fish`.',
      ...commands.map(
        ({ name, help }) =>
          `complete -c autoresearch -n __fish_use_subcommand -a ${name} -d ${quoted(help)} --no-files`,
      ),
      ...commands.flatMap((each) =>
        flagsOf(each).map(
          ({ name, help, takesValue }) =>
            `complete -c autoresearch -n "__fish_seen_subcommand_from ${each.name}" -l ${name.slice(2)}${takesValue ? ' -r' : ''} -d ${quoted(help)}`,
        ),
      ),
      '',
    ].join('\n'),
};

function names(command: CommandDefinition): string {
  return flagsOf(command)
    .map(({ name }) => name)
    .join(' ');
}

function zshFlag({ name, help, takesValue }: { name: string; help: string; takesValue: boolean }): string {
  const text = help.replace(/[[\]:\\]/g, (char) => `\\${char}`);
  return quoted(`${name}[${text}]${takesValue ? ':value:_files' : ''}`);
}

/** For all three shells; in fish a backslash counts within quotes. */
function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "'\\''")}'`;
}
