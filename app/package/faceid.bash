# Completion of faceid for bash: the program itself says what may stand next.
_faceid()
{
    local word words=("${COMP_WORDS[@]:1:COMP_CWORD}")
    COMPREPLY=()
    while IFS=$'\t' read -r word _; do
        if [ "$word" = :files ]; then
            compopt -o default 2>/dev/null
        else
            COMPREPLY+=("$(printf %q "$word")") # names may have blanks
        fi
    done < <("${COMP_WORDS[0]}" --complete "${words[@]//\\/}" 2>/dev/null)
}
complete -F _faceid faceid
