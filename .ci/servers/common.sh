# Sourced by the scripts beside it. An independent server lives in one folder: its data, its log,
# and `pids`, one process a line. Each script prints the environment of a client on success.

set -euo pipefail
FOLDER=$1
PORT=$2
mkdir -p "$FOLDER"
: > "$FOLDER/pids"

# Keys for a throw-away server on loopback.
ACCESS=s3bsync-ci
SECRET=s3bsync-ci-secret-on-loopback

note() { printf '%s\n' "$*" >&2; }

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

# apt_install PACKAGE...
apt_install() {
    note "installing $*"
    as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq >&2
    as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends "$@" >&2
}

# background COMMAND...: in its own session, so that a Ctrl-C on CI ends in the trap, not in half.
background() {
    setsid "$@" >> "$FOLDER/log" 2>&1 < /dev/null &
    echo $! >> "$FOLDER/pids"
}

# Waits until the port answers HTTP at all, as long as what was started last still runs.
await_http() {
    local last
    last=$(tail -1 "$FOLDER/pids")
    for _ in $(seq 600); do
        if curl --silent --output /dev/null --max-time 2 "http://127.0.0.1:$PORT/"; then
            return 0
        fi
        kill -0 "$last" 2> /dev/null || break
        sleep 0.2
    done
    note "nothing answers on port $PORT; the end of $FOLDER/log:"
    tail -20 "$FOLDER/log" >&2
    return 1
}

print_environment() {
    echo "export S3BSYNC_TEST_ENDPOINT=http://127.0.0.1:$PORT"
    echo "export AWS_ACCESS_KEY_ID=$ACCESS"
    echo "export AWS_SECRET_ACCESS_KEY=$SECRET"
    echo "export AWS_REGION=us-east-1"
}
