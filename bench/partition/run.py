"""Cells drawn by Gridweave beside METIS, KaHIP and GerryChain; on real ground; and drawn anew after people have moved.

All are judged by the same few lines here, which know nothing of how they draw: the pieces that cells are in, work over the mean, edges
between cells. The clock holds the drawing alone: ours as it tells itself, without reading, the peers' around their call.
"""

import argparse
import collections
import json
import pathlib
import signal
import subprocess
import time

import numpy

import crossing
import make

TOLERANCE_OF_METIS = 0.03


class Graph:
    def __init__(self, path):
        with open(path) as file:
            read = json.load(file)
        self.path, self.weights = path, numpy.array(read["weights"])
        self.edges = numpy.array(read["edges"])
        ends = numpy.vstack([self.edges, self.edges[:, ::-1]])
        ends = ends[numpy.argsort(ends[:, 0], kind="stable")]
        self.first = numpy.concatenate([[0], numpy.cumsum(numpy.bincount(ends[:, 0], minlength=len(self.weights)))])
        self.beside = ends[:, 1]
        self.whole = numpy.maximum(1, numpy.round(self.weights / self.weights.sum() * 2**30)).astype(int)

    def judge(self, cells, count):
        from scipy.sparse import coo_array
        from scipy.sparse.csgraph import connected_components

        inside = cells[self.edges[:, 0]] == cells[self.edges[:, 1]]
        a, b = self.edges[inside].T
        size = len(self.weights)
        pieces = connected_components(coo_array((numpy.ones(len(a)), (a, b)), shape=(size, size)), directed=False)[0]
        work = numpy.bincount(cells, weights=self.weights, minlength=count) / (self.weights.sum() / count)
        return {
            "cut": int((~inside).sum()),
            "max_over_mean": round(float(work.max()), 4),
            "min_over_mean": round(float(work.min()), 4),
            "cells": len(set(cells.tolist())),
            "pieces": int(pieces),
        }


def ours(program, graph, cells, work, more=()):
    out = work / "parts.txt"
    call = [program, "grids", "draw", "--graph", graph.path, "--cells", cells, "--out", out, "--json", *more]
    clock = time.perf_counter()
    run = subprocess.run([str(word) for word in call], capture_output=True, text=True)
    whole = time.perf_counter() - clock
    told = json.loads(run.stdout.splitlines()[-1])
    found = graph.judge(numpy.loadtxt(out, dtype=int), cells)
    return found | {"seconds": round(told["seconds"] - told["read_s"], 3), "whole_s": round(whole, 3), "rounds": told["rounds"], "peak_mib": told["peak_mib"]}


def metis(graph, cells, contiguous):
    import pymetis

    clock = time.perf_counter()
    options = pymetis.Options(contig=contiguous, ufactor=int(TOLERANCE_OF_METIS * 1000))
    _, parts = pymetis.part_graph(cells, adjacency=pymetis.CSRAdjacency(graph.first, graph.beside), vweights=graph.whole.tolist(), options=options)
    seconds = time.perf_counter() - clock
    return graph.judge(numpy.array(parts), cells) | {"seconds": round(seconds, 3)}


def kahip(graph, cells, mode):
    import kahip as library

    ones = [1] * len(graph.beside)
    args = (graph.whole.tolist(), graph.first.tolist(), ones, graph.beside.tolist(), cells, TOLERANCE_OF_METIS, 1, 1, mode)
    clock = time.perf_counter()
    _, parts = library.kaffpa(*args)
    seconds = time.perf_counter() - clock
    return graph.judge(numpy.array(parts), cells) | {"seconds": round(seconds, 3)}


def gerrychain(graph, cells):
    import random

    import networkx
    from gerrychain import Graph as Chain
    from gerrychain.tree import recursive_tree_part

    random.seed(1)
    net = networkx.Graph()
    net.add_nodes_from((node, {"work": int(work)}) for node, work in enumerate(graph.whole >> 8))
    net.add_edges_from(graph.edges.tolist())
    chain = Chain.from_networkx(net)
    mean = float((graph.whole >> 8).sum()) / cells
    # It may look for ever.
    signal.signal(signal.SIGALRM, lambda *_: (_ for _ in ()).throw(TimeoutError("nothing found within a minute")))
    signal.alarm(60)
    clock = time.perf_counter()
    found = recursive_tree_part(chain, range(cells), mean, "work", 0.05)
    seconds = time.perf_counter() - clock
    signal.alarm(0)
    return graph.judge(numpy.array([found[node] for node in range(len(graph.weights))]), cells) | {"seconds": round(seconds, 3)}


def tried(name, call):
    try:
        return call()
    except Exception as error:
        return {"failed": f"{type(error).__name__}: {error}"[:200]}


def versions():
    from importlib.metadata import version

    return {name: version(name) for name in ("pymetis", "kahip", "gerrychain")}


def graphs(program, work, sizes, peers):
    rows = []
    for blocks, cells, seed in sizes:
        path = work / f"city-{blocks}-{seed}.json"
        if not path.exists():
            make.blocks(blocks, seed, path)
        graph = Graph(path)
        row = {"blocks": blocks, "edges": len(graph.edges), "cells": cells, "seed": seed, "ours": ours(program, graph, cells, work)}
        row["metis"] = tried("metis", lambda: metis(graph, cells, False))
        row["metis_contiguous"] = tried("metis", lambda: metis(graph, cells, True))
        if peers and blocks <= 50_000 and cells <= 200:
            row["kahip_strong"] = tried("kahip", lambda: kahip(graph, cells, 2))
        if peers and blocks <= 2_000:
            row["gerrychain"] = tried("gerrychain", lambda: gerrychain(graph, cells))
        for peer in ("metis", "metis_contiguous", "kahip_strong"):
            if "cut" in row.get(peer, {}):
                row[f"cut_over_{peer}"] = round(row["ours"]["cut"] / row[peer]["cut"], 4)
        print(json.dumps(row), flush=True)
        rows.append(row)
    return rows


def same(before, now, away):
    """The share that stays where cells are matched by what they have most in common."""
    common = collections.Counter()
    for a, b, of in zip(before, now, away):
        common[a, b] += of
    left, right, stays = set(), set(), 0.0
    for (a, b), of in common.most_common():
        if a not in left and b not in right:
            left.add(a), right.add(b)
            stays += of
    return stays / away.sum()


def redraw(program, work):
    rows = []
    for blocks, cells, seed in [(2_000, 20, 1), (50_000, 150, 1), (50_000, 150, 2), (50_000, 150, 3)]:
        path, after = work / f"city-{blocks}-{seed}.json", work / f"moved-{blocks}-{seed}.json"
        if not path.exists():
            make.blocks(blocks, seed, path)
        before_graph = Graph(path)
        ours(program, before_graph, cells, work)
        before = numpy.loadtxt(work / "parts.txt", dtype=int)
        (work / "parts.txt").rename(work / "before.txt")
        weights = make.moved(path, 0.05, seed, after)
        graph = Graph(after)
        out, curve = work / "redrawn.txt", work / "curve.csv"
        call = [program, "grids", "redraw", "--graph", after, "--parts", work / "before.txt", "--tolerance", 0.05, "--out", out, "--json"]
        run = subprocess.run([str(word) for word in call], capture_output=True, text=True)
        told = json.loads(run.stdout.splitlines()[-1])
        now = numpy.loadtxt(out, dtype=int)
        ours(program, graph, cells, work)
        fresh = numpy.loadtxt(work / "parts.txt", dtype=int)
        moved = float(weights[now != before].sum() / weights.sum())
        fresh_moved = 1 - same(before, fresh, weights)
        subprocess.run([str(word) for word in [*call[:-3], "--out", work / "of-curve.txt", "--curve", curve]], capture_output=True, check=False)
        row = {
            "blocks": blocks, "cells": cells, "seed": seed, "before": graph.judge(before, cells), "redrawn": graph.judge(now, cells),
            "moved": round(moved, 4), "moved_least": round(told["moved_share_least"], 4), "moved_by_a_fresh_drawing": round(fresh_moved, 4),
            "share_of_fresh": round(moved / fresh_moved, 4), "seconds": round(told["seconds"], 3), "curve": curve.read_text().splitlines(),
        }
        print(json.dumps(row), flush=True)
        rows.append(row)
    return rows


def real(program, work, data, results):
    import cairosvg

    rows = []
    taipei = data / "districting/taipei_bsa_dev_6districts.parquet"
    streets = data / "geometry/wuhan_streets_osm_simplified.parquet"
    extract = data / "osm/north-bayreuth.osm.pbf"
    make.wuhan(streets, 40_000, 1, work / "wuhan.csv")
    make.buildings(program, extract, 6_000, 3, work / "north-bayreuth", work / "north-bayreuth.geojson")
    calls = {
        "taipei": ["--blocks", taipei, "--id", "CODEBASE", "--cells", 120],
        "taipei-districts": ["--blocks", taipei, "--id", "CODEBASE", "--division", "TOWN_ID", "--cells", 120],
        "wuhan": ["--blocks", work / "wuhan.csv", "--crs", "epsg:32650", "--barriers", streets, "--work", "people", "--reach", 150, "--cells", 300],
        "north-bayreuth": ["--blocks", work / "north-bayreuth.geojson", "--streets", extract, "--work", "people", "--cells", 20],
    }
    for name, call in calls.items():
        out, assigned, picture = work / f"{name}-cells.geojson", work / f"{name}-blocks.csv", work / f"{name}.svg"
        call = [program, "grids", "draw", *call, "--out", out, "--assign", assigned, "--picture", picture, "--json"]
        run = subprocess.run([str(word) for word in call], capture_output=True, text=True)
        told = json.loads(run.stdout.splitlines()[-1])
        told["tiles"] = tiles(out)
        if name == "wuhan":
            told["crossing"] = crossing.round_about(streets, work / "wuhan.csv", assigned)
        if name == "north-bayreuth":
            told["crossing"] = crossing.over_rivers(extract, work / "north-bayreuth.geojson", assigned, out, "EPSG:32632")
        cairosvg.svg2png(url=str(picture), write_to=str(results / f"partition-{name}.png"), output_width=1600)
        row = {"name": name} | told
        print(json.dumps(row), flush=True)
        rows.append(row)
    return rows


def tiles(path):
    """Cells as shapely sees them: valid, and how much two share or leave out between them (as a share of all)."""
    import shapely

    with open(path) as file:
        cells = [shapely.geometry.shape(feature["geometry"]) for feature in json.load(file)["features"]]
    area = sum(cell.area for cell in cells)
    together = shapely.union_all(cells)
    return {"valid": all(cell.is_valid for cell in cells), "overlap": float(abs(area - together.area) / area)}


def plot(rows, path):
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "partition"
    from matplotlib import pyplot

    figure, (time_axis, cut_axis) = pyplot.subplots(1, 2, figsize=(12, 4.2))
    rows = sorted(rows, key=lambda row: row["blocks"])
    for peer, mark in [("ours", "o"), ("metis", "s"), ("metis_contiguous", "^"), ("kahip_strong", "v"), ("gerrychain", "x")]:
        with_it = [row for row in rows if "seconds" in row.get(peer, {})]
        time_axis.plot([row["blocks"] for row in with_it], [row[peer]["seconds"] for row in with_it], mark, label=peer.replace("_", ", "), alpha=0.75)
    for peer, mark in [("metis", "s"), ("metis_contiguous", "^"), ("kahip_strong", "v")]:
        with_it = [row for row in rows if f"cut_over_{peer}" in row]
        cut_axis.plot([row["blocks"] / row["cells"] for row in with_it], [row[f"cut_over_{peer}"] for row in with_it], mark, label=peer.replace("_", ", "), alpha=0.75)
    cut_axis.axhline(1, color="#888", linewidth=0.8)
    for axis, title, x, y in [
        (time_axis, "Drawing, 2 cores", "blocks", "seconds"),
        (cut_axis, "Borders of ours (±1 %) against theirs (±3 %)", "blocks a cell", "cut edges, ours over theirs"),
    ]:
        axis.set(title=title, xlabel=x, ylabel=y, xscale="log")
        axis.grid(alpha=0.3)
        axis.legend()
    time_axis.set_yscale("log")
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True, type=pathlib.Path)
    parser.add_argument("--work", required=True, type=pathlib.Path)
    parser.add_argument("--out", required=True, type=pathlib.Path)
    parser.add_argument("--real", type=pathlib.Path, help="folder of real data")
    parser.add_argument("--parts", default="graphs,growth,redraw,real")
    args = parser.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    results = json.loads(args.out.read_text()) if args.out.exists() else {}
    results["peers"] = versions()
    wanted = args.parts.split(",")
    if "graphs" in wanted:
        results["graphs"] = graphs(args.program, args.work, [(50_000, 150, seed) for seed in (1, 2, 3)], True)
    if "growth" in wanted:
        sizes = [(2_000, 10, 1), (2_000, 50, 2), (10_000, 30, 1), (50_000, 10, 1), (50_000, 1_000, 2), (200_000, 600, 3), (1_000_000, 10, 1), (1_000_000, 3_000, 2)]
        results["growth"] = graphs(args.program, args.work, sizes, True)
    if "redraw" in wanted:
        results["redraw"] = redraw(args.program, args.work)
    if "real" in wanted and args.real:
        results["real"] = real(args.program, args.work, args.real, args.out.parent)
    args.out.write_text(json.dumps(results, indent=1) + "\n")
    plot(results.get("graphs", []) + results.get("growth", []), args.out.with_suffix(".svg"))


if __name__ == "__main__":
    main()
