#!/usr/bin/env bash
# Installs what the tests need, builds, and runs all checks: `npm test`. Works on a bare clone.
# Debian packages are installed where this runs as root (or sudo asks nothing); elsewhere the tests that need a missing
# one are counted as skipped.
set -euo pipefail
cd "$(dirname "$0")/.."

packages=()
need() { command -v "$1" >/dev/null 2>&1 || packages+=("${@:2}"); }
need qemu-system-x86_64 qemu-system-x86
need cc gcc libc6-dev
need chromium chromium fonts-dejavu-core
need openssl openssl
# The schemas of libvirt come with its clients.
need virsh libvirt-clients
need xmllint libxml2-utils
need docker-compose docker-compose
# Debian keeps initdb and postgres off the PATH.
compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || packages+=(postgresql)
if ((${#packages[@]} > 0)); then
  echo "== installing ${packages[*]}"
  as_root=()
  if [[ $(id -u) -ne 0 ]]; then as_root=(sudo -n); fi
  if ! { "${as_root[@]}" apt-get update -qq &&
    DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null; }; then
    echo "could not install ${packages[*]}: what needs them is skipped, and counted as skipped" >&2
  fi
fi

echo '== npm ci'
npm ci --no-audit --no-fund
echo '== build'
npm run build:native
npm run build
echo '== generated files'
node scripts/generate.mjs --check
echo '== lint'
npm run lint
echo '== tests'
report=$(mktemp)
status=0
npx vitest run --reporter=default --reporter=json --outputFile.json="$report" || status=$?
node -e '
  const r = JSON.parse(require("fs").readFileSync(process.argv[1], "utf8"));
  console.log(`${r.numPassedTests} passed, ${r.numFailedTests} failed, ${r.numPendingTests + (r.numTodoTests ?? 0)} skipped`);
' "$report"
rm -f "$report"
exit "$status"
