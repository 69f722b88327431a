"""Ground to draw cells on: invented blocks on a plane, and real streets and buildings with an invented population."""

import csv
import json
import subprocess


def blocks(count, seed, path):
    """Blocks at random places, those beside each other touching (Delaunay), with uneven work; every third city has its people in twelve towns."""
    import numpy
    from scipy.spatial import Delaunay

    random = numpy.random.default_rng(seed)
    xy = random.random((count, 2))
    if seed % 3 == 0:
        towns = random.random((12, 2))
        xy = towns[random.integers(0, 12, count)] + random.normal(0, 0.06, (count, 2))
    triangles = Delaunay(xy).simplices
    edges = numpy.vstack([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [0, 2]]])
    edges = numpy.unique(numpy.sort(edges, 1), axis=0)
    weights = numpy.round(numpy.exp(random.normal(0, 0.8, count)) * 20, 2)
    with open(path, "w") as file:
        json.dump({"weights": weights.tolist(), "xy": xy.round(7).tolist(), "edges": edges.tolist()}, file)


def moved(graph, share, seed, path):
    """The same blocks after so much of the work has moved: from random ones to twenty new estates."""
    import numpy

    random = numpy.random.default_rng(seed)
    with open(graph) as file:
        graph = json.load(file)
    weights, xy = numpy.array(graph["weights"]), numpy.array(graph["xy"])
    gone = 0.0
    for block in random.permutation(len(weights)):
        if gone >= share * weights.sum():
            break
        gone += weights[block] * 0.8
        weights[block] *= 0.2
    for middle in xy[random.integers(0, len(xy), 20)]:
        near = numpy.argsort(((xy - middle) ** 2).sum(1))[: max(1, len(xy) // 2500)]
        weights[near] += gone / 20 / len(near)
    graph["weights"] = weights.round(3).tolist()
    with open(path, "w") as file:
        json.dump(graph, file)
    return weights


def wuhan(streets, count, seed, path):
    """Blocks along real streets, denser towards the middle: id, lon and lat in the streets' own system (EPSG:32650), people."""
    import numpy
    import pyarrow.parquet
    import shapely

    table = pyarrow.parquet.read_table(streets)
    lines = shapely.from_wkb(table["geometry"].to_pylist())
    kinds = numpy.array(table["highway"].to_pylist())
    random = numpy.random.default_rng(seed)
    length = shapely.length(lines)
    middles = shapely.get_coordinates(shapely.centroid(lines))
    dense = numpy.exp(-numpy.hypot(*(middles - numpy.median(middles, axis=0)).T) / 9000)
    # Nobody lives on roads for cars, nor on bridges, which are long and stand by themselves.
    lives = ~numpy.isin(kinds, ["motorway", "motorway_link", "trunk", "trunk_link", "primary_link"])
    alone = shapely.STRtree(lines).query(shapely.points(middles), predicate="dwithin", distance=220)
    lives &= (numpy.bincount(alone[0], minlength=len(lines)) > 3) | (length < 500)
    share = length * dense * lives
    edge = random.choice(len(lines), count, p=share / share.sum())
    along = random.random(count) * length[edge]
    here, there = (shapely.get_coordinates(shapely.line_interpolate_point(lines[edge], at)) for at in (along, along + 1))
    step = there - here
    step /= numpy.maximum(numpy.hypot(*step.T), 1e-9)[:, None]
    aside = random.choice([-1, 1], count) * random.uniform(25, 70, count)
    at = here + numpy.column_stack([-step[:, 1], step[:, 0]]) * aside[:, None]
    people = numpy.round(numpy.exp(random.normal(4.6, 0.7, count))).astype(int)
    with open(path, "w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["id", "lon", "lat", "people"])
        rows.writerows([number, *place.round(2), of] for number, (place, of) in enumerate(zip(at, people)))


def buildings(program, extract, households, seed, folder, path):
    """Real buildings with the people that `city make` invents for them: outlines with people and households."""
    folder.mkdir(parents=True, exist_ok=True)
    call = [program, "city", "make", "--households", households, "--seed", seed, "--on", extract, "--out", folder]
    subprocess.run([str(word) for word in call], check=True, capture_output=True)
    count = {}
    for name, column, what in [("dwellings.csv", "place", "households"), ("ties.csv", "place", "people")]:
        with open(folder / name, encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file)
            column = column if column in rows.fieldnames else next(name for name in rows.fieldnames if "place" in name)
            for row in rows:
                count.setdefault(row[column][:16], {}).setdefault(what, 0)
                count[row[column][:16]][what] += 1
    with open(folder / "outlines.geojson") as file:
        outlines = json.load(file)
    found = []
    for feature in outlines["features"]:
        told = count.get(feature["properties"]["code"], {})
        feature["properties"] |= {"people": told.get("people", 0), "households": told.get("households", 0)}
        found.append(feature)
    with open(path, "w") as file:
        json.dump({"type": "FeatureCollection", "features": found}, file)
    return len(found)
