/** Completion for bash, from 3.2 on, without the package bash-completion. */
import { valueCases } from './cases.ts';
import { quoted, splittable } from './quote.ts';
import type { CommandWords, Values } from './words.ts';

/** `=` is a word of its own to bash; `--` ends options. */
const WALK = `_NAME() {
    local cur=\${COMP_WORDS[COMP_CWORD]} at= option= ended= word i commands options list files
    for ((i = 1; i < COMP_CWORD; i++)); do
        word=\${COMP_WORDS[i]}
        if [[ $word == '=' ]]; then
            continue
        elif [[ -n $option ]]; then
            option=
        elif [[ $word == -- ]]; then
            ended=yes
        elif [[ $word == -* && -z $ended ]]; then
            _NAME_value "$at" "$word" && option=$word
        else
            _NAME_command "$at"
            [[ " $commands " == *" $word "* ]] && at="\${at:+$at }$word"
        fi
    done
    [[ $cur == '=' ]] && cur=
    if [[ -n $option ]]; then
        _NAME_value "$at" "$option"
    else
        _NAME_command "$at"
        if [[ $cur == -* && -z $ended ]]; then
            list=$options files=
        else
            list="$commands $list"
        fi
    fi
    COMPREPLY=()
    while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen -W "$list" -- "$cur")
    [[ -n $files ]] || return 0
    compopt -o filenames 2>/dev/null
    while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen -f -- "$cur")
}
complete -F _NAME NAME
`;

export function bashScript(name: string, commands: readonly CommandWords[]): string {
  const lines = commands.map(({ line, commands: within, options, operand }) => {
    const names = splittable(within.map((each) => each.name));
    const flags = splittable(options.flatMap((each) => each.names));
    return `    ${quoted(line)}) commands=${quoted(names)} options=${quoted(flags)} ${assigned(operand)} ;;`;
  });
  return `# Completion of ${name} for bash, made by \`${name} completion bash\`.

# What follows an option of a command: sets list and files, fails for options that stand alone.
_${name}_value() {
    list= files=
    case "\${1:+$1 }$2" in
${valueCases(commands, assigned)}
    *) return 1 ;;
    esac
}

# What may stand in a command: sets commands, options, list and files.
_${name}_command() {
    commands= options= list= files=
    case "$1" in
${lines.join('\n')}
    esac
}

${WALK.replaceAll('NAME', name)}`;
}

function assigned({ words, files }: Values): string {
  return `list=${quoted(splittable(words))} files=${files ? 'yes' : ''}`;
}
