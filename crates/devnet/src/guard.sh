# Becomes the program given as arguments, with a watcher that ends it when the pipe on standard input closes.
# The pipe belongs to whoever started this: when that process ends, however it ends, the system closes it.
# The number of the program's group is taken as long as the watcher is in it, so nobody else can be hit.
exec 3<&0 </dev/null
(
    trap '' HUP INT TERM
    read -r line <&3
    # The program leads a process group: what it started ends with it, also when it ended by itself.
    kill -s TERM -- "-$$" 2>/dev/null
    for tenth in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30; do
        kill -0 "$$" 2>/dev/null || break
        sleep 0.1
    done
    kill -s KILL -- "-$$" 2>/dev/null
) >/dev/null 2>&1 &
exec "$@" 3<&-
