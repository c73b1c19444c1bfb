# Completion of faceid for fish: the program itself says what may stand next.
function __faceid_complete
    set -l words (commandline -opc)
    set -l last (commandline -ct)
    for line in ($words[1] --complete $words[2..] (string unescape -- "$last") 2>/dev/null)
        if test "$line" = :files
            __fish_complete_path "$last"
        else
            echo $line
        end
    end
end
complete -c faceid -f -a '(__faceid_complete)'
