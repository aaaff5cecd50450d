/** Completion for zsh, with what each command and option is for. */
import { valueCases } from './cases.ts';
import { quoted } from './quote.ts';
import type { CommandWords, Values } from './words.ts';

/** In zsh a word is `--option=value` as a whole. */
const WALK = `_NAME() {
    local at= option= ended= word i
    local -a commands options list names
    local files
    for ((i = 2; i < CURRENT; i++)); do
        word=\${words[i]}
        if [[ -n $option ]]; then
            option=
        elif [[ $word == -- ]]; then
            ended=yes
        elif [[ $word == -* && -z $ended ]]; then
            _NAME_value "$at" "$word" && option=$word
        else
            _NAME_command "$at"
            names=("\${(@)commands%%:*}")
            [[ \${names[(Ie)$word]} -gt 0 ]] && at="\${at:+$at }$word"
        fi
    done
    word=\${words[CURRENT]}
    if [[ -z $option && -z $ended && $word == --*=* ]]; then
        option=\${word%%=*}
        compset -P '*='
    fi
    if [[ -n $option ]]; then
        _NAME_value "$at" "$option" || return 1
    else
        _NAME_command "$at"
        if [[ $word == -* && -z $ended ]]; then
            _describe -o option options
            return
        fi
        ((\${#commands})) && _describe command commands
    fi
    ((\${#list})) && compadd -- "\${list[@]}"
    [[ -n $files ]] && _files
    return 0
}

if [[ \${funcstack[1]} == _NAME ]]; then
    _NAME "$@"
else
    compdef _NAME NAME
fi
`;

export function zshScript(name: string, commands: readonly CommandWords[]): string {
  const lines = commands.map(({ line, commands: within, options, operand }) => {
    const names = within.map((each) => described(each.name, each.description));
    const flags = options.flatMap((each) => each.names.map((one) => described(one, each.description)));
    return `    ${quoted(line)})
        commands=(${names.join(' ')})
        options=(${flags.join(' ')})
        ${assigned(operand)} ;;`;
  });
  return `#compdef ${name}
# Completion of ${name} for zsh, made by \`${name} completion zsh\`.

# What follows an option of a command: sets list and files, fails for options that stand alone.
_${name}_value() {
    list=() files=
    case "\${1:+$1 }$2" in
${valueCases(commands, assigned)}
    *) return 1 ;;
    esac
}

# What may stand in a command: sets commands, options, list and files.
_${name}_command() {
    commands=() options=() list=() files=
    case "$1" in
${lines.join('\n')}
    esac
}

${WALK.replaceAll('NAME', name)}`;
}

/** A word and what it is for, as `_describe` takes them. */
function described(word: string, description: string): string {
  return quoted(`${word.replaceAll(':', '\\:')}:${description}`);
}

function assigned({ words, files }: Values): string {
  return `list=(${words.map(quoted).join(' ')}) files=${files ? 'yes' : ''}`;
}
