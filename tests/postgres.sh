#!/usr/bin/env bash
# A PostgreSQL of our own for the length of a check.
#
#   tests/postgres.sh start DIR   makes a cluster in DIR, starts it on a free port, prints its URL
#   tests/postgres.sh stop DIR    stops it
set -euo pipefail
dir=$2
bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -1)
[ -n "$bin" ] || bin=$(dirname "$(command -v initdb)")
# The server refuses to run as root.
as() { if [ "$(id -u)" = 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi; }
case $1 in
    start)
        rm -rf "$dir"; mkdir -p "$dir"
        [ "$(id -u)" != 0 ] || chown postgres "$dir"
        port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
        as "$bin/initdb" -D "$dir" -U postgres -A trust -E UTF8 --locale=C.UTF-8 >&2
        as "$bin/pg_ctl" -D "$dir" -w -l "$dir/log" \
            -o "-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c max_connections=200" start >&2
        echo "postgres://postgres@127.0.0.1:$port/postgres"
        ;;
    stop) as "$bin/pg_ctl" -D "$dir" -m immediate stop >&2 ;;
esac
