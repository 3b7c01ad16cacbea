import { listCommands, type CommandShape, type OptionShape } from './command-shape.ts';

/** The shells that have one, and how it is made. */
export const completions = {
  bash: completeBash,
  zsh: completeZsh,
  fish: completeFish,
} as const satisfies Record<string, (program: CommandShape) => string>;

export type Shell = keyof typeof completions;

const banner = (how: string): string => `# Completion of cpu-atlas, made by cpu-atlas itself. ${how}\n`;
const keyOf = (path: readonly string[]): string => path.join(' ');
/** A word in single quotes, for all three shells. */
const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
/** Words that may come next, besides options and files. */
const wordsAfter = ({ commands, arguments: [first] }: CommandShape): readonly string[] =>
  commands.length > 0 ? commands.map(({ path }) => path.at(-1) ?? '') : (first?.choices ?? []);

/** Follows the words before the cursor to the command that they name; `step` is one `case` of the shell. */
const steps = (program: CommandShape, step: (key: string) => string): string =>
  listCommands(program)
    .filter(({ path }) => path.length > 0)
    .map(({ path }) => step(keyOf(path)))
    .join('');

const valueCases = (program: CommandShape, line: (key: string, option: OptionShape) => string): string =>
  listCommands(program)
    .flatMap(({ path, options }) =>
      options.filter(({ choices }) => choices.length > 0).map((option) => line(keyOf(path), option)),
    )
    .join('');

function completeBash(program: CommandShape): string {
  const commands = listCommands(program)
    .map((command) => {
      const options = command.options.map(({ long }) => long).join(' ');
      return `    ${quote(keyOf(command.path))}) options=${quote(options)} words=${quote(wordsAfter(command).join(' '))} ;;\n`;
    })
    .join('');
  return `${banner('Use: source <(cpu-atlas completion bash)')}_cpu_atlas() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} command='' options='' words='' word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "\${command:+$command }$word" in
${steps(program, (key) => `      ${quote(key)}) command=${quote(key)} ;;\n`)}    esac
  done
  case "$command $previous" in
${valueCases(program, (key, { long, choices }) => `    ${quote(`${key} ${long}`)}) mapfile -t COMPREPLY < <(compgen -W ${quote(choices.join(' '))} -- "$current"); return ;;\n`)}  esac
  case "$command" in
${commands}  esac
  if [[ $current == -* ]]; then words=$options; fi
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}
complete -o default -F _cpu_atlas cpu-atlas
`;
}

function completeZsh(program: CommandShape): string {
  const described = (name: string, text: string): string => quote(`${name.replaceAll(':', '\\:')}:${text}`);
  const commands = listCommands(program)
    .map((command) => {
      const options = command.options.map(({ long, description }) => described(long, description)).join(' ');
      const words = command.commands.map(({ path, description }) => described(path.at(-1) ?? '', description));
      const plain = command.commands.length > 0 ? words : wordsAfter(command).map(quote);
      return `    ${quote(keyOf(command.path))}) options=(${options}) next=(${plain.join(' ')}) ;;\n`;
    })
    .join('');
  return `#compdef cpu-atlas
${banner('Use: cpu-atlas completion zsh > "${fpath[1]}/_cpu-atlas"')}_cpu_atlas() {
  local command='' word
  local -a options next
  for word in "\${(@)words[2,CURRENT-1]}"; do
    case "\${command:+$command }$word" in
${steps(program, (key) => `      ${quote(key)}) command=${quote(key)} ;;\n`)}    esac
  done
  case "$command \${words[CURRENT-1]}" in
${valueCases(program, (key, { long, choices }) => `    ${quote(`${key} ${long}`)}) compadd -- ${choices.map(quote).join(' ')}; return ;;\n`)}  esac
  case "$command" in
${commands}  esac
  if [[ $PREFIX == -* ]]; then
    _describe option options
  elif (( \${#next} )); then
    _describe command next
  else
    _files
  fi
}
if [[ $funcstack[1] == _cpu-atlas ]]; then _cpu_atlas "$@"; else compdef _cpu_atlas cpu-atlas; fi
`;
}

function completeFish(program: CommandShape): string {
  const lines = listCommands(program).flatMap((command) => {
    const here = `complete -c cpu-atlas -n ${quote(`test (__cpu_atlas_command) = "${keyOf(command.path)}"`)}`;
    const children = command.commands.map(
      ({ path, description }) => `${here} -f -a ${quote(path.at(-1) ?? '')} -d ${quote(description)}\n`,
    );
    const words = command.commands.length > 0 ? [] : wordsAfter(command);
    return [
      ...children,
      ...(words.length > 0 ? [`${here} -a ${quote(words.join(' '))}\n`] : []),
      ...command.options.map((option) => `${here} ${fishOption(option)}\n`),
    ];
  });
  return `${banner('Use: cpu-atlas completion fish > ~/.config/fish/completions/cpu-atlas.fish')}function __cpu_atlas_command
  set -l command ''
  for word in (commandline -opc)[2..-1]
    switch (string trim "$command $word")
${steps(program, (key) => `      case ${quote(key)}\n        set command ${quote(key)}\n`)}    end
  end
  echo $command
end
${lines.join('')}`;
}

function fishOption({ long, short, description, takesValue, choices }: OptionShape): string {
  const names = `-l ${long.slice(2)}${short === null ? '' : ` -s ${short.slice(1)}`}`;
  const value = choices.length > 0 ? ` -x -a ${quote(choices.join(' '))}` : takesValue ? ' -r' : '';
  return `${names}${value} -d ${quote(description)}`;
}
