"""Runs all tests in parts, one more side by side than there are cores.

    python tests/run_parts.py [--hardening] [BACKEND ...]

The last backend that is named runs every test, the others run those that are
marked `every_backend`. With `--hardening` these are the tests of that mark,
which are left out otherwise, and those of the same faults that always run. A
line is printed as each part ends; where it
failed, its output is printed too. The outputs are kept in
`.pytest_cache/parts/`.
"""

import concurrent.futures
import os
import re
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LOGS = ROOT / ".pytest_cache" / "parts"
GIGABYTES_PER_PART = 5
# On TensorFlow and JAX they take about as long as all other folders.
MODELS = "tests/models"
# Kills, and several devices and processes.
PROCESSES = ["tests/distributed", "tests/training"]
WHEEL = "tests/presets/test_wheel.py"
LONG = {"all but models", "slow: others"}
# Faults and hostile input, `docs/security.md`.
HARDENED = [
    *PROCESSES,
    "tests/test_kept_files.py",
    "tests/test_old_files.py",
    "tests/data/test_full_disk.py",
    "tests/data/test_hostile_files.py",
    "tests/estimators/test_in_a_service.py",
    "tests/evaluation/report/test_hostile_text.py",
    "tests/evaluation/test_leaks.py",
    "tests/evaluation/test_people.py",
    "tests/presets/test_hostile_presets.py",
]


def parts_of(backend, is_whole):
    """Returns backend, name and arguments of pytest of each part."""
    if is_whole:
        quick = ["-m", "not slow and not gpu and not hardening"]
        slow = ["-m", "slow and not gpu"]
        apart = [f"--ignore={path}" for path in [*PROCESSES, WHEEL]]
        parts = {
            "all but models": [*quick, f"--ignore={MODELS}"],
            "slow: others": [*slow, *apart],
            "slow: wheel, devices, processes, kills": [
                *slow,
                WHEEL,
                *PROCESSES,
            ],
            "models": [*quick, MODELS],
        }
    else:  # Few are slow; to find them among all takes a quarter of a minute.
        own = ["-m", "every_backend and not gpu and not hardening"]
        apart = [f"--ignore={path}" for path in [MODELS, *PROCESSES]]
        parts = {
            "all but models": [*own, *apart],
            "devices, processes, kills": [*own, *PROCESSES],
            "models": [*own, MODELS],
        }
    return [(backend, name, arguments) for name, arguments in parts.items()]


def hardening_parts(backend, is_whole):
    mark = "" if is_whole else "every_backend and "
    long = ["-m", f"{mark}hardening and not gpu"]
    share = ["-m", f"{mark}not hardening and not gpu", *HARDENED]
    return [
        (backend, "hardening", long),
        (backend, "hardening: what always runs", share),
    ]


def run(backend, name, arguments):
    """Runs a part; returns whether it passed."""
    start = time.monotonic()
    name = f"{backend}, {name}"
    log = LOGS / (re.sub(r"\W+", "_", name) + ".txt")
    with open(log, "w") as file:
        code = subprocess.run(
            # Parts side by side would write over each other's cache.
            [sys.executable, "-m", "pytest", "-p", "no:cacheprovider"]
            + ["-q", "--durations=30", *arguments],
            # Threads of several processes would wait for each other.
            env={
                "OMP_NUM_THREADS": "1",
                **os.environ,
                "KERAS_BACKEND": backend,
                "TESTS_END_AT_ONCE": "1",
            },
            cwd=ROOT,
            stdout=file,
            stderr=subprocess.STDOUT,
        ).returncode
    minutes = (time.monotonic() - start) / 60
    output = log.read_text(errors="replace")
    if code:
        print(f"{output[-40_000:]}\n^ {name}", flush=True)
    closing = re.findall(
        r"^.*\d (?:passed|failed|error).* in .*$", output, re.M
    )
    ending = closing[-1].strip("= ") if closing else f"exit code {code}"
    word = "FAILED" if code else "ok"
    print(f"{word}: {name}: {ending} ({minutes:.1f} min)", flush=True)
    return code == 0


def num_side_by_side():
    """One part more than there are cores: some wait, for processes that hang.

    Fewer where the memory does not suffice.
    """
    try:
        size = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError):  # where the system does not say
        return 1
    room = int(size / 1e9 / GIGABYTES_PER_PART)
    return max(1, min(os.cpu_count() + 1, room))


def main(backends, is_hardening=False):
    find_parts = hardening_parts if is_hardening else parts_of
    LOGS.mkdir(parents=True, exist_ok=True)
    parts = [
        part
        for backend in backends
        for part in find_parts(backend, backend == backends[-1])
    ]
    # The long ones first: at the end no core waits for long.
    parts.sort(key=lambda part: part[1] not in LONG)
    start = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(num_side_by_side()) as pool:
        passed = list(pool.map(lambda part: run(*part), parts))
    minutes = (time.monotonic() - start) / 60
    print(f"{sum(passed)} of {len(parts)} parts passed in {minutes:.1f} min")
    return 0 if all(passed) else 1


if __name__ == "__main__":
    names = sys.argv[1:]
    is_hardening = names[:1] == ["--hardening"]
    names = names[is_hardening:] or ["tensorflow", "jax", "torch"]
    sys.exit(main(names, is_hardening))
