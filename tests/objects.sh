#!/bin/sh
# objects.sh CHECK FILE ...: what a compiled file may hold. NM, OBJDUMP and
# READELF name the tools.
#   exports LIB      every symbol it shows, exported from a shared library or
#                    global in a static one, is an srnn_ one
#   needs LIB NAME   it needs libc, libm, pthread, those named, nothing else
#   narrow OBJECT    no ymm, zmm or mask register
#   private OBJECT   a rung's file shows the linker its own functions only:
#                    nothing inline that another file could end up calling
#   not CHECK ...    the check refuses the file
if [ "$1" = not ]; then
    shift
    "$0" "$@"
    [ $? = 1 ]
    exit
fi
check=$1
shift

bad() # says what it is, and fails if there is any
{
    if [ -n "$2" ]; then
        printf '%s:\n%s\n' "$1" "$2"
        exit 1
    fi
}

case $check in
exports)
    case $1 in *.a) which=-g ;; *) which=-D ;; esac
    names=$("${NM:-nm}" $which --defined-only "$1" | awk 'NF == 3 {print $3}')
    [ -n "$names" ] || bad "exports nothing" "$1"
    bad "$1 exports" "$(echo "$names" | grep -v '^srnn_')"
    ;;
needs)
    lib=$1
    allowed="lib(c|m|pthread)\\.so|ld-linux|lib(a|t|ub)san"
    shift
    for name; do allowed="$allowed|^$name"; done
    bad "$lib needs" "$("${READELF:-readelf}" -d "$lib" |
        sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | grep -Ev "$allowed")"
    ;;
narrow)
    for object; do
        code=$("${OBJDUMP:-objdump}" -d "$object") || exit 1
        [ -n "$code" ] || bad "no code" "$object"
        bad "wide registers in $object" \
            "$(echo "$code" | grep -E '%([yz]mm|k[0-7])' | head -n 5)"
    done
    ;;
private)
    for object; do
        rung=$(basename "$object" | sed 's/\..*//')
        names=$("${NM:-nm}" --defined-only "$object" |
            awk '$2 ~ /[A-Zuvw]/ {print $3}')
        [ -n "$names" ] || bad "shows nothing" "$object"
        bad "$object shows" "$(echo "$names" | grep -v "^srnn_.*$rung")"
    done
    ;;
*)
    bad "unknown check" "$check"
    ;;
esac
