#!/bin/sh
# Installs the peers into an environment of their own: ./benchmarks/decide/peers.sh [FOLDER]
set -eu
folder=${1:-.acceltrial/peers-decide}
python3 -m venv "$folder"
"$folder/bin/pip" install --quiet "scikit-criteria==0.9" "pymcdm==1.3.1"
echo "$folder/bin/python"
