"""Makes the data of the tiles benchmark: building outlines as GeoParquet, from a seed.

Buildings stand in compounds: turned lattices of a few dozen, crowded about the centres of a city and thin outside.
Half are plain boxes, the others have wings (8 corners) or are cut at the corners (8) or round (16).
"""

import argparse
import pathlib

import numpy
import pyarrow
import pyarrow.parquet

WEST, SOUTH, SIZE = 114.0, 30.3, 0.6
DEGREE_M = 111_195.0

BOX = numpy.array([[-1, -1], [1, -1], [1, 1], [-1, 1]], float)
WING = numpy.array([[-1, -1], [1, -1], [1, 0], [0.4, 0], [0.4, 1], [-0.4, 1], [-0.4, 0], [-1, 0]], float)
CUT = numpy.array([[-0.8, -1], [0.8, -1], [1, -0.8], [1, 0.8], [0.8, 1], [-0.8, 1], [-1, 0.8], [-1, -0.8]], float)
ROUND = numpy.stack([numpy.cos(numpy.arange(16) * numpy.pi / 8), numpy.sin(numpy.arange(16) * numpy.pi / 8)], 1)
FORMS = [BOX, WING, CUT, ROUND]


def wkb(ring):
    head = b"\x01\x03\x00\x00\x00\x01\x00\x00\x00" + numpy.uint32(len(ring)).tobytes()
    return head + numpy.ascontiguousarray(ring, "<f8").tobytes()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--buildings", type=int, default=500_000)
    parser.add_argument("--seed", type=int, default=1)
    call = parser.parse_args()
    rng = numpy.random.default_rng(call.seed)
    call.out.mkdir(parents=True, exist_ok=True)

    centres = rng.uniform(0.15, 0.85, (6, 2)) * SIZE + [WEST, SOUTH]
    shapes, names, kinds, floors = [], [], [], []
    while len(shapes) < call.buildings:
        if rng.random() < 0.8:
            middle = centres[rng.integers(6)] + rng.normal(0, 0.045, 2)
        else:
            middle = rng.uniform(0, 1, 2) * SIZE + [WEST, SOUTH]
        if not ((middle > [WEST, SOUTH]) & (middle < [WEST + SIZE, SOUTH + SIZE])).all():
            continue
        across, along = rng.integers(3, 9), rng.integers(3, 9)
        turn = rng.uniform(0, numpy.pi)
        turned = numpy.array([[numpy.cos(turn), -numpy.sin(turn)], [numpy.sin(turn), numpy.cos(turn)]])
        half = rng.uniform([8, 5], [25, 9])
        form = rng.choice(4, p=[0.5, 0.25, 0.15, 0.1])
        compound = f"{'东西南北'[rng.integers(4)]}{'湖江山林河'[rng.integers(5)]}花园{len(names)}"
        scale = numpy.array([1 / (DEGREE_M * numpy.cos(numpy.radians(middle[1]))), 1 / DEGREE_M])
        for i in range(across):
            for j in range(along):
                if len(shapes) == call.buildings:
                    break
                at = (numpy.array([i, j]) - [across / 2, along / 2]) * (half * 2.6)
                ring = ((FORMS[form] * half + at) @ turned.T) * scale + middle
                shapes.append(wkb(numpy.concatenate([ring, ring[:1]])))
                names.append(f"{compound}{i * along + j + 1}栋")
                kinds.append(["住宅", "商业", "办公", "厂房"][rng.choice(4, p=[0.8, 0.1, 0.06, 0.04])])
                floors.append(int(rng.integers(1, 34)))
    geo = b'{"version":"1.0.0","primary_column":"geometry","columns":{"geometry":{"encoding":"WKB","geometry_types":["Polygon"]}}}'
    schema = pyarrow.schema(
        [("id", pyarrow.int64()), ("name", pyarrow.string()), ("kind", pyarrow.string()), ("floors", pyarrow.int64()), ("geometry", pyarrow.binary())],
        metadata={b"geo": geo},
    )
    table = pyarrow.table([list(range(1, len(shapes) + 1)), names, kinds, floors, shapes], schema=schema)
    pyarrow.parquet.write_table(table, call.out / "buildings.parquet")
    print(f"{len(shapes):,} buildings, seed {call.seed}")


if __name__ == "__main__":
    main()
