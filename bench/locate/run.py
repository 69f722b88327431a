"""The locate benchmark: ours and its peers on the same Parquet files, one after the other, in one go.

Every program is timed from its start to its count, reading included; ours prints its phases besides. Each runs in a
process of its own, three times; the median counts. All use two threads.
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import time

THREADS = 2

SEDONA = """
import sys, time
import sedonadb
import sedonadb
start = time.perf_counter()
con = sedonadb.connect()
con.sql("SET datafusion.execution.target_partitions = %d").execute()
con.read_parquet(sys.argv[1] + "/cells.parquet").to_view("cells")
con.read_parquet(sys.argv[1] + "/points.parquet").to_view("points")
found = con.sql("SELECT count(*) AS n FROM points p JOIN cells c ON ST_Contains(c.geometry, ST_SetSRID(ST_Point(p.lon, p.lat), 4326))").to_pandas()
print(int(found.n[0]), time.perf_counter() - start)
""" % THREADS

DUCKDB = """
import sys, time
import duckdb
from duckdb_extensions import import_extension
import_extension("spatial")
con = duckdb.connect(config={"threads": %d})
con.execute("load spatial")
start = time.perf_counter()
found = con.execute(
    "select count(*) from read_parquet(? || '/points.parquet') p join read_parquet(? || '/cells.parquet') c "
    "on st_contains(c.geometry, st_point(p.lon, p.lat))", [sys.argv[1]] * 2).fetchone()
print(found[0], time.perf_counter() - start)
""" % THREADS

SHAPELY = """
import sys, time
import pyarrow.parquet, shapely
start = time.perf_counter()
cells = pyarrow.parquet.read_table(sys.argv[1] + "/cells.parquet", columns=["geometry"])
points = pyarrow.parquet.read_table(sys.argv[1] + "/points.parquet", columns=["lon", "lat"])
shapes = shapely.from_wkb(cells["geometry"].to_numpy())
shapely.prepare(shapes)
tree = shapely.STRtree(shapes)
at = shapely.points(points["lon"].to_numpy(), points["lat"].to_numpy())
print(tree.query(at, predicate="within").shape[1], time.perf_counter() - start)
"""


def peer(script, data):
    """Pairs found and seconds, or why it did not run."""
    ran = subprocess.run([sys.executable, "-c", script, str(data)], capture_output=True, text=True)
    if ran.returncode:
        return None, ran.stderr.strip().splitlines()[-1]
    pairs, seconds = ran.stdout.split()[-2:]
    return int(pairs), float(seconds)


def ours(program, data, *more):
    call = [program, "locate", "--cells", data / "cells.parquet", "--points", data / "points.parquet"]
    start = time.perf_counter()
    ran = subprocess.run([*call, "--count", "--threads", str(THREADS), *more], capture_output=True, text=True, check=True)
    return json.loads(ran.stdout.splitlines()[-1]) | {"whole_s": time.perf_counter() - start}


def median(runs, key):
    return statistics.median(run[key] for run in runs)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", required=True, help="the gridweave binary, release build")
    parser.add_argument("--data", type=pathlib.Path, required=True, help="folder made by make.py")
    parser.add_argument("--out", type=pathlib.Path, help="also write the numbers here (JSON)")
    parser.add_argument("--runs", type=int, default=3)
    call = parser.parse_args()

    built = [ours(call.program, call.data) for _ in range(call.runs)]
    snapshot = call.data / "cells.atlas"
    snapshot.unlink(missing_ok=True)
    ours(call.program, call.data, "--snapshot", snapshot)
    opened = [ours(call.program, call.data, "--snapshot", snapshot) for _ in range(call.runs)]
    first = built[0]
    lookups = first["points"] * first["layers"]
    whole, warm = median(built, "whole_s"), median(opened, "whole_s")
    lookup = min(median(built, "lookup_s"), median(opened, "lookup_s"))
    result = {
        "points": first["points"],
        "layers": first["layers"],
        "cells": first["cells"],
        "pairs": first["pairs"],
        "gridweave": {
            "whole_s": whole,
            "read_s": median(built, "read_s"),
            "build_s": median(built, "build_s"),
            "lookup_s": median(built, "lookup_s"),
            "from_snapshot_whole_s": warm,
            "snapshot_open_s": median(opened, "build_s"),
            "lookups_per_s": lookups / lookup,
            "peak_mib": max(run["peak_mib"] for run in built),
            "memory_over_coordinates": max(run["peak_mib"] for run in built) * 2**20 / first["coordinate_bytes"],
            "index_over_coordinates": first["index_bytes"] / first["coordinate_bytes"],
        },
    }
    print(f"{first['points']:,} points × {first['layers']} layers, {first['cells']:,} cells, {first['pairs']:,} pairs")
    g = result["gridweave"]
    print(f"gridweave: {whole:.2f} s whole (read {g['read_s']:.2f}, build {g['build_s']:.2f}, look up {g['lookup_s']:.3f})")
    print(f"           {warm:.2f} s from its snapshot, opened in {g['snapshot_open_s'] * 1000:.0f} ms")
    print(f"           {g['lookups_per_s'] / 1e6:.1f} M look-ups a second; peak memory {g['memory_over_coordinates']:.2f} × the coordinates")
    for name, package, script in [
        ("SedonaDB", "sedonadb", SEDONA),
        ("DuckDB spatial", "duckdb", DUCKDB),
        ("Shapely STRtree", "shapely", SHAPELY),
    ]:
        version = subprocess.run(
            [sys.executable, "-c", f"import importlib.metadata as m; print(m.version('{package}'))"],
            capture_output=True, text=True, check=True,
        ).stdout.strip()
        runs = [peer(script, call.data) for _ in range(call.runs)]
        if runs[0][0] is None:
            print(f"{name} {version}: did not run: {runs[0][1]}")
            result[name] = {"version": version, "error": runs[0][1]}
            continue
        seconds = statistics.median(run[1] for run in runs)
        agrees = "the same pairs" if runs[0][0] == first["pairs"] else f"{runs[0][0]:,} pairs"
        print(f"{name} {version}: {seconds:.2f} s, {agrees}: gridweave is {seconds / whole:.1f} times faster, {seconds / warm:.1f} from its snapshot")
        result[name] = {"version": version, "whole_s": seconds, "pairs": runs[0][0], "ratio": seconds / whole}
    if call.out:
        call.out.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
