# shellcheck shell=bash
# Other Pythons than the system's: finds one, or gets one. Part of ./dev, which provides say, fail and need.
#
# An interpreter is of use when it has a shared libpython, the headers, and is of the version and the kind (a t at the
# end: free-threaded) that was asked for. What is got here is kept outside the tree and belongs to the user.

python_cache=${XDG_CACHE_HOME:-$HOME/.cache}/baton/python

# python_serves PATH X.Y[t]: is that an interpreter of use?
python_serves() {
    [[ -x $1 ]] || return 1
    "$1" -I - "$2" >/dev/null 2>&1 <<'PYTHON'
import glob
import os
import sys
import sysconfig

of = sysconfig.get_config_var
version = "%d.%d" % sys.version_info[:2] + ("t" if of("Py_GIL_DISABLED") else "")
folders = [of("LIBDIR") or "", os.path.join(of("LIBDIR") or "", of("MULTIARCH") or "")]
shared = [f for folder in folders for f in glob.glob(os.path.join(folder, "libpython%s.so" % of("LDVERSION")))]
headers = os.path.exists(os.path.join(sysconfig.get_path("include"), "Python.h"))
sys.exit(0 if version == sys.argv[1] and shared and headers else 1)
PYTHON
}

# python_candidates X.Y[t]: where one may be on this machine, the most official first.
python_candidates() {
    local pyenv=${PYENV_ROOT:-$HOME/.pyenv}/versions
    printf '%s\n' "/usr/bin/python$1"
    type -aP "python$1" || true
    printf '%s\n' "$python_cache/$1/bin/python$1"
    # The newest first; pyenv's free-threaded ones have a t at the end of the folder's name, too.
    find "$pyenv" -mindepth 1 -maxdepth 1 -name "${1%t}.*" 2>/dev/null | sort -rV | sed "s,\$,/bin/python$1,"
    # Asked last: uv looks through all of the above as well.
    if command -v uv >/dev/null; then uv python find "$(python_uv_name "$1")" 2>/dev/null || true; fi
}

# python_present X.Y[t]: the path of an interpreter of use that is here already.
python_present() {
    local candidate
    while read -r candidate; do
        # pyenv's entries on PATH are scripts that choose by the working directory.
        [[ $candidate != */shims/* ]] || continue
        if python_serves "$candidate" "$1"; then
            printf '%s\n' "$candidate"
            return
        fi
    done < <(python_candidates "$1")
    return 1
}

# python_from_packages X.Y[t]: Debian's own, on a release that has it. A free-threaded one is in none.
python_from_packages() {
    command -v apt-cache >/dev/null || return 1
    apt-cache show "libpython$1-dev" >/dev/null 2>&1 || return 1
    need "python$1" "libpython$1-dev" >&2
}

python_uv_name() { if [[ $1 == *t ]]; then printf '%s+freethreaded\n' "${1%t}"; else printf '%s\n' "$1"; fi; }

python_from_uv() {
    command -v uv >/dev/null || return 1
    say "uv python install $1"
    uv python install "$(python_uv_name "$1")" >&2
}

# --- From Debian's source package

# The addresses of the Debian archive that this machine's own apt uses; it has sources of other releases, too.
python_archives() {
    command -v apt-get >/dev/null || return 0
    apt-get indextargets --no-release-info --format "\$(REPO_URI)" | grep debian | grep -v security | sort -u
}

# python_fetch_source X.Y: leaves the unpacked source in ./source. apt gets a configuration of its own, in the working
# directory; the system's lists and sources are not touched. Debian's suites, in the order in which they age.
python_fetch_source() {
    local archive suite
    mkdir -p apt/lists/partial apt/cache/archives/partial && : >apt/status || return 1
    cat >apt.conf <<TEXT
Dir::State "$PWD/apt";
Dir::State::Lists "$PWD/apt/lists";
Dir::State::status "$PWD/apt/status";
Dir::Cache "$PWD/apt/cache";
Dir::Etc::SourceList "$PWD/sources.list";
Dir::Etc::SourceParts "/dev/null";
APT::Sandbox::User "";
TEXT
    for archive in $(python_archives); do
        for suite in stable testing unstable oldstable; do
            printf 'deb-src [signed-by=%s] %s %s main\n' /usr/share/keyrings/debian-archive-keyring.gpg \
                "$archive" "$suite" >sources.list
            APT_CONFIG=$PWD/apt.conf apt-get update -q >&2 || continue
            APT_CONFIG=$PWD/apt.conf apt-get source -q --download-only "python$1" >&2 || continue
            dpkg-source --no-check -x ./*.dsc source >&2 && return
        done
    done
    return 1
}

# Whoever calls these asks whether they succeeded, which turns set -e off inside; so every step says what follows.

# python_from_source X.Y[t]: into the cache, complete or not at all. Without profile-guided optimisation, which takes an
# hour: right for tests, about a fifth slower than Debian's own.
python_from_source() (
    local version=$1 prefix=$python_cache/$1 options=()
    command -v dpkg >/dev/null || return 1
    need dpkg-dev debian-archive-keyring gcc make pkg-config libssl-dev zlib1g-dev libffi-dev libsqlite3-dev libbz2-dev \
        liblzma-dev uuid-dev >&2
    if [[ $version == *t ]]; then options+=(--disable-gil); fi
    work=$(mktemp -d) || return 1
    trap 'rm -rf "$work"' EXIT
    cd "$work" && python_fetch_source "${version%t}" && cd source && mkdir -p "${prefix%/*}" || return 1
    say "building Python $version, some minutes: ${prefix%/*}/build-$version.log"
    {
        # Debian's configure script forgets the LDFLAGS that it is given; the linker takes the run path from here, too.
        export LD_RUN_PATH=$prefix/lib
        ./configure --prefix="$prefix" --enable-shared --without-ensurepip --disable-test-modules "${options[@]}" &&
            make -j "$(nproc)" &&
            make altinstall DESTDIR="$work/installed"
    } >"${prefix%/*}/build-$version.log" 2>&1 || {
        tail -n 30 "${prefix%/*}/build-$version.log" >&2
        return 1
    }
    rm -rf "$prefix" && mv "$work/installed$prefix" "$prefix"
)

# get_python X.Y[t]: prints the path of an interpreter of use, having got it if need be.
get_python() {
    [[ $1 =~ ^3\.[0-9]+t?$ ]] || fail "python: a version is X.Y, or X.Yt for a free-threaded one, not $1"
    python_present "$1" && return
    local way
    for way in python_from_packages python_from_uv python_from_source; do
        "$way" "$1" || continue
        python_present "$1" && return
    done
    fail "no Python $1 with a shared libpython is to be had: not on this machine, not from uv, not from Debian's sources"
}
