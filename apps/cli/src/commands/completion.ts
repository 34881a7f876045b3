import type { Command } from 'commander';
import { EXIT } from '../exit-codes.js';
import type { Registry } from '../program.js';

const SHELLS = ['bash', 'zsh', 'fish'] as const;

/** completion <shell>: a script for the shell, made from the commands as they are. */
export function registerCompletion({ program, action }: Registry): void {
  const command = program.command('completion').description('print a completion script: source <(npx trivet completion bash)');
  command.argument('<shell>', SHELLS.join(', '), (value: string) => {
    if (!SHELLS.some((shell) => shell === value)) command.error(`error: the shell must be one of ${SHELLS.join(', ')}, not '${value}'`);
    return value;
  });
  command.action(action(async ({ stdout }, [shell]) => {
    stdout.write(shell === 'fish' ? fishScript(program) : shell === 'zsh' ? `autoload -U +X bashcompinit && bashcompinit\n${bashScript(program)}` : bashScript(program));
    return EXIT.ok;
  }));
}

function bashScript(program: Command): string {
  const cases = program.commands.filter((command) => words(command) !== '').map((command) => `    ${command.name()}) words="${words(command)}" ;;`);
  return `_trivet() {
  local current="\${COMP_WORDS[COMP_CWORD]}" words
  case "\${COMP_WORDS[1]}" in
${cases.join('\n')}
    *) words="" ;;
  esac
  [ "$COMP_CWORD" -eq 1 ] && words="${words(program)}"
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -F _trivet trivet
`;
}

function fishScript(program: Command): string {
  const line = (condition: string, command: Command): string => `complete -c trivet -f -n '${condition}' -a ${command.name()} -d '${command.description().replaceAll("'", '’')}'`;
  const lines = program.commands.flatMap((command) => [line('__fish_use_subcommand', command), ...command.commands.map((below) => line(`__fish_seen_subcommand_from ${command.name()}`, below))]);
  return `${lines.join('\n')}\n`;
}

function words(command: Command): string {
  return [...command.commands.map((below) => below.name()), ...command.options.flatMap((option) => option.long ?? [])].join(' ');
}
