#!/bin/sh
# Brings the synthetic bank of "Bank Performance Analysis" in, in order: load.sh DATA_DIR prints one JSON line per mapping.
# Stops at the first file of which nothing came in. PYTHON overrides the interpreter of the checkout.
set -eu

if [ $# -ne 1 ] || [ ! -d "$1" ]; then
  echo "用法：load.sh 数据目录 (usage: load.sh DATA_DIR)" >&2
  exit 2
fi
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
python=${PYTHON:-$root/.venv/bin/python}

for mapping in "$here"/[0-9][0-9]_*.yaml; do
  file=$(sed -n '1s/^# file: *//p' "$mapping")
  name=$(basename "$mapping" .yaml)
  kind=${name#[0-9][0-9]_}
  # What the data set does not have lies beside the mappings, invented.
  data=$1/$file
  [ -e "$data" ] || data=$here/$file
  status=0
  "$python" "$root/manage.py" import_data "$kind" "$data" --mapping "$mapping" --mode skip --json || status=$?
  if [ "$status" -gt 1 ]; then
    echo "$name：没有导入任何内容 (nothing was imported)" >&2
    exit "$status"
  fi
done
