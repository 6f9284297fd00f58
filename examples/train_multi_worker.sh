#!/bin/sh
# Starts this machine's part of a training on several machines, or all parts on
# one. Run it on each machine, with the same HOSTS and its own INDEX:
#
#   HOSTS="node0:29500 node1:29500" INDEX=0 KERAS_BACKEND=jax \
#       sh examples/train_multi_worker.sh windows.h5 motif_distance.keras
#
# GPUS=8 tells JAX and PyTorch how many GPUs each machine has.
#
# Under SLURM: srun sh examples/train_multi_worker.sh ..., with
# HOSTS="$(scontrol show hostnames | sed 's/$/:29500/' | tr '\n' ' ')" exported
# and INDEX left to SLURM_NODEID.
set -eu
: "${HOSTS:?the machines as host:port, the first one coordinates}"
: "${KERAS_BACKEND:?tensorflow, jax or torch, the same on each machine}"
INDEX="${INDEX:-${SLURM_NODEID:?}}"
PYTHON="${PYTHON:-python}"
SCRIPT="$(dirname "$0")/train_multi_gpu.py"
COUNT=$(echo $HOSTS | wc -w)
FIRST=${HOSTS%% *}

case "$KERAS_BACKEND" in
tensorflow)
    LIST=$(echo $HOSTS | sed 's/ /", "/g')
    export TF_CONFIG="{\"cluster\": {\"worker\": [\"$LIST\"]},
        \"task\": {\"type\": \"worker\", \"index\": $INDEX}}"
    exec "$PYTHON" "$SCRIPT" "$@"
    ;;
jax)
    export KERAS_DISTRIBUTION_JOB_ADDRESSES="$FIRST"
    export KERAS_DISTRIBUTION_NUM_PROCESSES="$COUNT"
    export KERAS_DISTRIBUTION_PROCESS_ID="$INDEX"
    # Under SLURM, JAX would use one GPU for each task.
    if [ -n "${GPUS:-}" ]; then
        JAX_LOCAL_DEVICE_IDS=$(seq -s, 0 $((GPUS - 1)))
        export JAX_LOCAL_DEVICE_IDS
    fi
    exec "$PYTHON" "$SCRIPT" "$@"
    ;;
torch)
    exec "$PYTHON" -m torch.distributed.run --nnodes="$COUNT" \
        --node-rank="$INDEX" --nproc-per-node="${GPUS:-1}" \
        --master-addr="${FIRST%:*}" --master-port="${FIRST#*:}" \
        "$SCRIPT" "$@"
    ;;
*)
    echo "KERAS_BACKEND must be tensorflow, jax or torch." \
        "Received: $KERAS_BACKEND" >&2
    exit 2
    ;;
esac
