"""The tiles benchmark: ours and Martin over PostGIS on the same buildings, one after the other, in one go.

Latency: one connection, each tile of a sample once (uncached) or again (cached), caller and server taking turns on one
core: left to the scheduler, a run lands on one core or on two, and waking the other costs more than a small tile.
Throughput: wrk with 2 threads and 8 connections for some seconds, of cached tiles the median of some runs; servers and
load share the two cores. Martin has 3857 geometries with a GiST index,
clustered by it, and its tile cache off or on; ours keeps no tiles or all. Beside it Martin over tiles that we cut
beforehand, and tippecanoe for a whole pyramid.
"""

import argparse
import contextlib
import http.client
import json
import math
import os
import pathlib
import random
import re
import shutil
import statistics
import struct
import subprocess
import sys
import tempfile
import time

import psycopg
import pyarrow.parquet

HERE = pathlib.Path(__file__).parent
ZOOMS = range(10, 19)
SAMPLE = 400
WRK_S = 5
WRK_TIMES = 3


def tile_of(lon, lat, z):
    n = 2**z
    y = (1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2
    return z, int((lon + 180) / 360 * n), int(y * n)


def load(url, table):
    """The buildings into PostGIS, as Martin likes them."""
    with psycopg.connect(url, autocommit=True) as db:
        db.execute("create extension if not exists postgis")
        db.execute("drop table if exists buildings, raw_buildings")
        db.execute("create table raw_buildings (id bigint, name text, kind text, floors bigint, wkb bytea)")
        with db.cursor().copy("copy raw_buildings from stdin (format binary)") as copy:
            copy.set_types(["int8", "text", "text", "int8", "bytea"])
            for row in zip(*(table[name].to_pylist() for name in ["id", "name", "kind", "floors", "geometry"])):
                copy.write_row(row)
        db.execute(
            "create table buildings as select id, name, kind, floors, "
            "st_transform(st_setsrid(st_geomfromwkb(wkb), 4326), 3857)::geometry(Polygon, 3857) as geom from raw_buildings"
        )
        db.execute("create index buildings_geom on buildings using gist (geom)")
        db.execute("cluster buildings using buildings_geom")
        db.execute("vacuum analyze buildings")
        return db.execute("select postgis_lib_version(), current_setting('server_version')").fetchone()


@contextlib.contextmanager
def serving(call, ready, logged):
    """A server, until the block ends; `ready` finds its port in what it prints."""
    with open(logged, "w+") as log:
        server = subprocess.Popen(call, stdout=log, stderr=subprocess.STDOUT)
        try:
            for _ in range(600):
                found = re.search(ready, pathlib.Path(logged).read_text())
                if found:
                    break
                if server.poll() is not None:
                    raise SystemExit(f"{call[0]} ended: {pathlib.Path(logged).read_text()[-2000:]}")
                time.sleep(0.1)
            else:
                raise SystemExit(f"{call[0]} did not start")
            time.sleep(0.5)
            yield int(found.group(1)), server.pid
        finally:
            server.terminate()
            server.wait()


@contextlib.contextmanager
def one_core(server):
    """Caller and server (a process, all of its threads) on one core, until the block ends."""
    both = os.sched_getaffinity(0)
    def pin(cores):
        for thread in [0, *map(int, os.listdir(f"/proc/{server}/task"))]:
            with contextlib.suppress(ProcessLookupError):
                os.sched_setaffinity(thread, cores)
    pin({min(both)})
    try:
        yield
    finally:
        pin(both)


def latencies(port, paths):
    """Milliseconds and bytes of each path, asked for on one connection."""
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    found = []
    for path in paths:
        start = time.perf_counter()
        client.request("GET", path)
        answer = client.getresponse()
        body = answer.read()
        found.append(((time.perf_counter() - start) * 1000, len(body)))
        if answer.status not in (200, 204):
            raise SystemExit(f"{path}: {answer.status} {body[:200]}")
    return found


def throughput(port, paths):
    """Tiles a second."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as listed:
        listed.write("\n".join(paths) + "\n")
        listed.flush()
        call = ["wrk", "-t2", "-c8", f"-d{WRK_S}s", "--timeout", "60s", "-s", str(HERE / "wrk.lua"), f"http://127.0.0.1:{port}/", "--", listed.name]
        ran = subprocess.run(call, capture_output=True, text=True, check=True)
    counted = json.loads(ran.stdout.strip().splitlines()[-1])
    if counted["failed"]:
        raise SystemExit(f"{counted['failed']} of {counted['requests']} requests failed")
    return counted["requests"] / counted["seconds"]


def measure(at, tiles, path, warm):
    """For each zoom: median and p99 in ms, bytes a tile, tiles a second; of the server at a port with a process number."""
    port, server = at
    found = {}
    for z, sample in tiles.items():
        paths = [path.format(z=z, x=x, y=y) for _, x, y in sample]
        if warm:
            latencies(port, paths)
        with one_core(server):
            each = latencies(port, paths)
        times = sorted(ms for ms, _ in each)
        found[z] = {
            "tiles": len(paths),
            "median_ms": statistics.median(times),
            "p99_ms": times[min(len(times) - 1, math.ceil(len(times) * 0.99) - 1)],
            "bytes": statistics.mean(size for _, size in each),
            "per_s": statistics.median(throughput(port, paths) for _ in range(WRK_TIMES if warm else 1)),
        }
    return found


def show(title, ours, peer):
    print(f"\n{title}\n zoom tiles |    ours: median    p99 ms   KiB      /s |  Martin: median    p99 ms   KiB      /s | ratio /s")
    for z in ours:
        row = lambda m: f"{m['median_ms']:14.3f} {m['p99_ms']:9.3f} {m['bytes'] / 1024:5.0f} {m['per_s']:7.0f}"
        print(f"   {z} {ours[z]['tiles']:5} | {row(ours[z])} | {row(peer[z])} | {ours[z]['per_s'] / peer[z]['per_s']:8.1f}")


def version(*call):
    ran = subprocess.run(call, capture_output=True, text=True)
    return (ran.stdout + ran.stderr).strip().splitlines()[0].split()[-1]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", required=True, help="the gridweave binary, release build")
    parser.add_argument("--martin", required=True, help="the martin binary")
    parser.add_argument("--data", type=pathlib.Path, required=True, help="folder made by make.py")
    parser.add_argument("--postgres", required=True, help="URL of a PostgreSQL with PostGIS at hand")
    parser.add_argument("--out", type=pathlib.Path, help="also write the numbers here (JSON)")
    parser.add_argument("--only-ours", action="store_true", help="leave the peers out (while working on ours)")
    call = parser.parse_args()
    if not shutil.which("wrk"):
        raise SystemExit("wrk is missing: install the package wrk")

    file = call.data / "buildings.parquet"
    table = pyarrow.parquet.read_table(file)
    chance = random.Random(7)
    corners = [first_corner(w) for w in table["geometry"].to_pylist()]
    tiles = {}
    for z in ZOOMS:
        at = {tile_of(*chance.choice(corners), z) for _ in range(SAMPLE * 3)}
        tiles[z] = chance.sample(sorted(at), min(SAMPLE, len(at)))

    result = {"buildings": len(corners)}
    def ours(keep):
        listen = [call.program, "tiles", "serve", "--layer", str(file), "--listen", "127.0.0.1:0", "--keep-mib", str(keep)]
        return serving(listen, r"listens on http://[\d.]+:(\d+)", call.data / "ours.log")

    path = "/tiles/files/{z}/{x}/{y}.pbf"
    with ours(0) as at:
        uncached = measure(at, tiles, path, False)
    with ours(2048) as at:
        cached = measure(at, tiles, path, True)
    result["gridweave"] = {"uncached": uncached, "cached": cached}
    if call.only_ours:
        show("uncached (ours beside ours)", uncached, uncached)
        show("cached (ours beside ours)", cached, cached)
    else:
        postgis, postgres = load(call.postgres, table)
        def martin(cache, *what):
            listen = [call.martin, "--listen-addresses", "127.0.0.1:0", "--cache-size", str(cache), "--workers", "2", *what]
            return serving(listen, r"127\.0\.0\.1:(\d+)", call.data / "martin.log")

        with martin(0, call.postgres) as at:
            peer_uncached = measure(at, tiles, "/buildings/{z}/{x}/{y}", False)
        with martin(2048, call.postgres) as at:
            peer_cached = measure(at, tiles, "/buildings/{z}/{x}/{y}", True)
        named = f"Martin {version(call.martin, '--version')} over PostGIS {postgis}, PostgreSQL {postgres.split()[0]}"
        result["peer"] = {"what": named, "uncached": peer_uncached, "cached": peer_cached}
        print(named)
        show("uncached", uncached, peer_uncached)
        show("cached", cached, peer_cached)

    whole = call.data / "buildings.mbtiles"
    def pyramid(low, high):
        start = time.perf_counter()
        export = [call.program, "--json", "tiles", "export", "--layer", file, "--min-zoom", low, "--max-zoom", high, "--out", whole]
        ran = subprocess.run([str(word) for word in export], capture_output=True, text=True, check=True)
        return json.loads(ran.stdout.splitlines()[-1]) | {"whole_s": time.perf_counter() - start}

    some, all_of_it = pyramid(12, 16), pyramid(10, 18)
    result["pyramid"] = {"zooms 12 to 16": some, "zooms 10 to 18": all_of_it}
    print(f"\npyramid to MBTiles: zooms 12 to 16 {some['whole_s']:.1f} s ({some['tiles']:,} tiles), 10 to 18 {all_of_it['whole_s']:.1f} s ({all_of_it['tiles']:,} tiles)")
    if not call.only_ours:
        with martin(0, str(whole)) as at:
            precut = measure(at, {z: tiles[z] for z in (14, 16)}, "/buildings/{z}/{x}/{y}", False)
        result["peer"]["over our MBTiles"] = precut
        for z, found in precut.items():
            print(f"Martin over our MBTiles, uncached, zoom {z}: {found['per_s']:.0f}/s; ours cut when asked: {uncached[z]['per_s']:.0f}/s")
        tippecanoe = str(pathlib.Path(sys.executable).parent / "tippecanoe")
        lines = call.data / "buildings.geojsonl"
        write_lines(lines, table)
        start = time.perf_counter()
        cut = [tippecanoe, "-q", "-P", "-f", "-o", call.data / "tippecanoe.mbtiles", "-Z12", "-z16", "--no-feature-limit", "--no-tile-size-limit", lines]
        subprocess.run(cut, check=True)
        seconds = time.perf_counter() - start
        result["tippecanoe"] = {"version": version(tippecanoe, "--version"), "zooms 12 to 16 s": seconds}
        print(f"tippecanoe {result['tippecanoe']['version']}: zooms 12 to 16 {seconds:.1f} s")
    if call.out and not call.only_ours:
        call.out.write_text(json.dumps(result, indent=1) + "\n")


def write_lines(path, table):
    """The buildings as GeoJSON, a line each, as tippecanoe reads them fastest."""
    with open(path, "w") as out:
        for row in table.to_pylist():
            wkb = row.pop("geometry")
            count = struct.unpack_from("<I", wkb, 9)[0]
            ring = [struct.unpack_from("<dd", wkb, 13 + 16 * i) for i in range(count)]
            feature = {"type": "Feature", "properties": row, "geometry": {"type": "Polygon", "coordinates": [ring]}}
            out.write(json.dumps(feature, ensure_ascii=False) + "\n")


def first_corner(wkb):
    """The first corner of a WKB polygon."""
    return struct.unpack_from("<dd", wkb, 13)


if __name__ == "__main__":
    sys.exit(main())
