"""Makes the data of the locate benchmark: tessellations as GeoParquet and points as Parquet, from a seed.

Each layer is a square of cells whose shared edges are broken lines, the same to the last bit on both sides; the
whole lies about Wuhan in longitude and latitude. Points are uniform, or clustered as a real city is.
"""

import argparse
import pathlib

import numpy
import pyarrow
import pyarrow.parquet

WEST, SOUTH, SIZE = 114.0, 30.3, 0.6


def layer(rng, side, steps):
    """Rings of side × side cells with 4 × steps vertices each, as one array (cells, vertices + 1, 2)."""
    step = SIZE / side
    grid = numpy.stack(numpy.meshgrid(numpy.arange(side + 1), numpy.arange(side + 1), indexing="ij"), -1)
    corner = grid * step + numpy.array([WEST, SOUTH])
    shake = rng.uniform(-0.2, 0.2, corner.shape) * step
    shake[[0, -1], :, 0] = 0
    shake[:, [0, -1], 1] = 0
    corner = corner + shake

    def lines(a, b):
        t = numpy.linspace(0, 1, steps + 1)
        across = numpy.stack([-(b - a)[..., 1], (b - a)[..., 0]], -1)
        off = rng.uniform(-0.12, 0.12, a.shape[:-1] + (steps + 1,)) * numpy.minimum(t, 1 - t)
        line = a[..., None, :] + t[:, None] * (b - a)[..., None, :] + off[..., None] * across[..., None, :]
        line[..., 0, :], line[..., -1, :] = a, b
        return line

    level = lines(corner[:-1, :], corner[1:, :])  # along x: [i, j] from (i, j) to (i + 1, j)
    upright = lines(corner[:, :-1], corner[:, 1:])  # along y: [i, j] from (i, j) to (i, j + 1)
    south, north = level[:, :-1], level[:, 1:, ::-1]
    east, west = upright[1:, :], upright[:-1, :, ::-1]
    ring = numpy.concatenate([part[..., :-1, :] for part in (south, east, north, west)], -2)
    ring = numpy.concatenate([ring, ring[..., :1, :]], -2)
    return ring.reshape(side * side, -1, 2)


def wkb(rings):
    """Each ring as a WKB polygon (little-endian)."""
    count = rings.shape[1]
    head = numpy.frombuffer(
        b"\x01\x03\x00\x00\x00\x01\x00\x00\x00" + numpy.uint32(count).tobytes(), numpy.uint8
    )
    body = numpy.ascontiguousarray(rings, "<f8").view(numpy.uint8).reshape(len(rings), -1)
    whole = numpy.concatenate([numpy.broadcast_to(head, (len(rings), len(head))), body], 1)
    whole = numpy.ascontiguousarray(whole)
    offsets = numpy.arange(len(rings) + 1, dtype="int32") * whole.shape[1]
    return pyarrow.Array.from_buffers(
        pyarrow.binary(), len(rings), [None, pyarrow.py_buffer(offsets), pyarrow.py_buffer(whole)]
    )


def cells(path, rng, layers, side, steps):
    geo = b'{"version":"1.0.0","primary_column":"geometry","columns":{"geometry":{"encoding":"WKB","geometry_types":["Polygon"],"crs":null}}}'
    schema = pyarrow.schema(
        [("layer", pyarrow.string()), ("cell", pyarrow.string()), ("geometry", pyarrow.binary())],
        metadata={b"geo": geo},
    )
    with pyarrow.parquet.ParquetWriter(path, schema) as writer:
        for number in range(layers):
            rings = layer(rng, side, steps)
            for start in range(0, len(rings), 100_000):
                part = rings[start : start + 100_000]
                names = [f"{number}-{start + i}" for i in range(len(part))]
                writer.write_table(
                    pyarrow.table(
                        [pyarrow.array([f"net{number}"] * len(part)), pyarrow.array(names), wkb(part)],
                        schema=schema,
                    )
                )


def points(path, rng, count, clustered):
    schema = pyarrow.schema([("id", pyarrow.int64()), ("lon", pyarrow.float64()), ("lat", pyarrow.float64())])
    centres = rng.uniform(0.1, 0.9, (40, 2))
    spread = rng.uniform(0.003, 0.05, 40)
    weight = rng.dirichlet(numpy.full(40, 0.5))
    with pyarrow.parquet.ParquetWriter(path, schema) as writer:
        for start in range(0, count, 1 << 20):
            n = min(1 << 20, count - start)
            at = rng.uniform(0, 1, (n, 2))
            if clustered:
                which = rng.choice(40, n, p=weight)
                near = centres[which] + rng.normal(0, 1, (n, 2)) * spread[which, None]
                far = rng.uniform(0, 1, n) < 0.1
                at = numpy.where(far[:, None] | (near < 0) | (near >= 1), at, near)
            at = at * SIZE + numpy.array([WEST, SOUTH])
            ids = numpy.arange(start, start + n)
            writer.write_table(pyarrow.table([ids, at[:, 0], at[:, 1]], schema=schema))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--layers", type=int, default=5)
    parser.add_argument("--cells", type=int, default=20_000, help="cells of a layer, about (a square number)")
    parser.add_argument("--vertices", type=int, default=60)
    parser.add_argument("--points", type=int, default=1_000_000)
    parser.add_argument("--clustered", action="store_true")
    parser.add_argument("--seed", type=int, default=1)
    call = parser.parse_args()
    call.out.mkdir(parents=True, exist_ok=True)
    rng = numpy.random.default_rng(call.seed)
    side = round(call.cells**0.5)
    cells(call.out / "cells.parquet", rng, call.layers, side, call.vertices // 4)
    points(call.out / "points.parquet", rng, call.points, call.clustered)


if __name__ == "__main__":
    main()
