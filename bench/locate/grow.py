"""How locate grows: cells 1,000 → 1,000,000 and points 10^5 → 10^8 (streamed), uniform and clustered; a plot of it."""

import argparse
import json
import pathlib
import shutil
import subprocess
import sys

import matplotlib

matplotlib.use("svg")
from matplotlib import pyplot

HERE = pathlib.Path(__file__).parent


def run(call, cells, points, clustered):
    folder = call.work / "grow"
    make = [sys.executable, HERE / "make.py", "--out", folder, "--layers", "1", "--cells", cells, "--points", points]
    subprocess.run([str(word) for word in make] + (["--clustered"] if clustered else []), check=True)
    found = subprocess.run(
        [call.program, "locate", "--cells", folder / "cells.parquet", "--points", folder / "points.parquet", "--count"],
        capture_output=True, text=True, check=True,
    )
    shutil.rmtree(folder)
    told = json.loads(found.stdout.splitlines()[-1]) | {"clustered": clustered}
    told["lookups_per_s"] = told["points"] / told["lookup_s"]
    print(
        f"{told['cells']:>9,} cells {told['points']:>11,} points {'clustered' if clustered else 'uniform':>9}: "
        f"build {told['build_s']:6.2f} s, look up {told['lookup_s']:7.3f} s, {told['lookups_per_s'] / 1e6:6.1f} M/s, "
        f"index {told['index_bytes'] / told['coordinate_bytes']:.2f} × coordinates, peak {told['peak_mib']:,.0f} MiB",
        flush=True,
    )
    return told


def plot(runs, path):
    figure, (left, right) = pyplot.subplots(1, 2, figsize=(11, 4.2))
    for clustered, mark in ((False, "o-"), (True, "s--")):
        name = "clustered points" if clustered else "uniform points"
        by_cells = [r for r in runs["cells"] if r["clustered"] == clustered]
        left.plot([r["cells"] for r in by_cells], [r["lookups_per_s"] / 1e6 for r in by_cells], mark, label=name)
        by_points = [r for r in runs["points"] if r["clustered"] == clustered]
        right.plot([r["points"] for r in by_points], [r["lookup_s"] for r in by_points], mark, label=f"look up, {name}")
    right.plot([r["points"] for r in by_points], [r["read_s"] for r in by_points], ":", color="grey", label="reading Parquet")
    twin = left.twinx()
    uniform = [r for r in runs["cells"] if not r["clustered"]]
    twin.plot([r["cells"] for r in uniform], [r["build_s"] for r in uniform], "^:", color="grey", label="build (right)")
    twin.set_yscale("log")
    twin.set_ylabel("build, s")
    left.set_xscale("log")
    left.set_ylim(bottom=0)
    left.set_xlabel("cells of 60 vertices")
    left.set_ylabel("million look-ups a second (1 layer, 10⁶ points)")
    lines, names = left.get_legend_handles_labels()
    more, others = twin.get_legend_handles_labels()
    left.legend(lines + more, names + others, loc="lower left")
    right.set_xscale("log")
    right.set_yscale("log")
    right.set_xlabel("points (1 layer, 20,000 cells)")
    right.set_ylabel("s")
    right.legend()
    for axis in (left, right):
        axis.grid(alpha=0.3)
    figure.suptitle("gridweave locate, 2 cores")
    figure.tight_layout()
    figure.savefig(path)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program", required=True, help="the gridweave binary, release build")
    parser.add_argument("--work", type=pathlib.Path, required=True, help="folder for data, some gigabytes")
    parser.add_argument("--out", type=pathlib.Path, required=True, help="folder for locate-growth.{json,svg}")
    parser.add_argument("--points-max", type=int, default=100_000_000)
    call = parser.parse_args()
    runs = {"cells": [], "points": []}
    for clustered in (False, True):
        for cells in (1_000, 10_000, 100_000, 1_000_000):
            runs["cells"].append(run(call, cells, 1_000_000, clustered))
        points = 100_000
        while points <= call.points_max:
            runs["points"].append(run(call, 20_000, points, clustered))
            points *= 10
    (call.out / "locate-growth.json").write_text(json.dumps(runs, indent=1) + "\n")
    plot(runs, call.out / "locate-growth.svg")


if __name__ == "__main__":
    main()
