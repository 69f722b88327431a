"""Do cells cross rivers and railways but by bridges? Told from maps and finished cells alone, by GDAL, shapely and scipy."""

import csv

# A bridge serves a cell within so many metres of it.
NEAR_M = 250
# Nobody walks there.
NOT_ON_FOOT = ["motorway", "motorway_link", "construction", "proposed"]


def over_rivers(extract, blocks, assigned, cells, system):
    """Cells with blocks on both sides of rivers, canals, lakes or railways of an OpenStreetMap extract, and how many of those no way
    near them leads across."""
    import geopandas
    import networkx
    import shapely

    lines = geopandas.read_file(extract, layer="lines").to_crs(system)
    areas = geopandas.read_file(extract, layer="multipolygons").to_crs(system)
    closed = lines[lines["waterway"].isin(["river", "canal"]) | lines["railway"].isin(["rail", "light_rail"])]
    shores = areas[areas["natural"] == "water"].boundary
    ways = lines[lines["highway"].notna() & ~lines["highway"].isin(NOT_ON_FOOT)].geometry
    block_at = geopandas.read_file(blocks).to_crs(system).set_index("code").representative_point()
    # What flows on beyond the blocks divides them as well.
    ground = shapely.box(*block_at.total_bounds).buffer(NEAR_M, cap_style="square")
    barriers = shapely.union_all([*closed.geometry, *shores]).intersection(ground)
    sides = list(shapely.polygonize([shapely.union_all([barriers, ground.boundary])]).geoms)
    tree = shapely.STRtree(sides)
    with open(assigned, encoding="utf-8-sig", newline="") as file:
        cell_of = {row["id"]: row["cell"] for row in csv.DictReader(file)}
    sides_of = {}
    for code, cell in cell_of.items():
        sides_of.setdefault(cell, set()).update(tree.query(block_at[code], predicate="within").tolist())
    shapes = geopandas.read_file(cells).to_crs(system).set_index("code").geometry
    on_both, without = 0, []
    for cell, own in sorted(sides_of.items()):
        if len(own) < 2:
            continue
        on_both += 1
        near = shapes[cell].buffer(NEAR_M)
        linked = networkx.Graph()
        linked.add_nodes_from(own)
        for way in ways[ways.intersects(near) & ways.intersects(barriers)]:
            for part in shapely.get_parts(way.intersection(near)):
                crossed = [side for side in tree.query(part, predicate="intersects").tolist() if sides[side].intersection(part).length > 0]
                networkx.add_path(linked, crossed)
        if not any(own <= piece for piece in networkx.connected_components(linked)):
            without.append(cell)
    with_blocks = set().union(*sides_of.values())
    return {"sides": len(with_blocks), "cells_on_both_sides": on_both, "without_a_bridge": without}


def round_about(streets, blocks, assigned):
    """Where only streets are known: cells whose blocks hang together only over ground that nobody walks across. Two blocks are beside each
    other within 300 m, and parts of a cell wherever; if the way along streets, which may begin on any within 150 m, is longer than five
    times the straight line and 1,000 m, a river or a lake is held to lie between. Blocks without a street that near say nothing."""
    import geopandas
    import numpy
    import shapely
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components, dijkstra
    from scipy.spatial import cKDTree

    table = geopandas.read_parquet(streets)
    lines = table.geometry[~table["highway"].isin(NOT_ON_FOOT)].values
    xy, line = shapely.get_coordinates(shapely.segmentize(lines, 40), return_index=True)
    nodes, node = numpy.unique(xy.round(1), axis=0, return_inverse=True)
    same = line[1:] == line[:-1]
    a, b = node[:-1][same], node[1:][same]
    with open(blocks, newline="") as file:
        rows = list(csv.DictReader(file))
    at = numpy.array([(float(row["lon"]), float(row["lat"])) for row in rows])
    number = {row["id"]: block for block, row in enumerate(rows)}
    # Blocks are nodes too, which lead to all streets near them, one way to set out and one to arrive.
    near = cKDTree(at).sparse_distance_matrix(cKDTree(nodes), 150, output_type="coo_matrix")
    on_streets = numpy.bincount(near.row, minlength=len(at)) > 0
    first, arrive = len(nodes), len(nodes) + len(at)
    length = numpy.maximum(numpy.hypot(*(nodes[a] - nodes[b]).T), 0.01)
    off = numpy.maximum(near.data, 0.01)
    network = coo_matrix(
        (numpy.r_[length, length, off, off], (numpy.r_[a, b, near.row + first, near.col], numpy.r_[b, a, near.col, near.row + arrive])),
        shape=(arrive + len(at),) * 2,
    ).tocsr()
    cells = {}
    with open(assigned, encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            if on_streets[number[row["id"]]]:
                cells.setdefault(row["cell"], []).append(number[row["id"]])
    allowed = lambda straight: 5 * straight + 1000
    in_parts, without = 0, {}
    for cell, own in sorted(cells.items()):
        own = numpy.array(own)
        pairs = cKDTree(at[own]).query_pairs(300, output_type="ndarray")
        straight = numpy.hypot(*(at[own[pairs[:, 0]]] - at[own[pairs[:, 1]]]).T)
        walk = dijkstra(network, indices=own + first, limit=allowed(300))[:, own + arrive]
        beside = pairs[walk[pairs[:, 0], pairs[:, 1]] <= allowed(straight)]
        join = lambda pairs, count: connected_components(coo_matrix((numpy.ones(len(pairs)), tuple(numpy.reshape(pairs, (-1, 2)).T)), shape=(count,) * 2), directed=False)
        count, part = join(beside, len(own))
        if count < 2:
            continue
        in_parts += 1
        joined, apart = [], []
        for one in range(count):
            here = own[part == one]
            others = [other for other in range(count) if other != one]
            gaps = [cKDTree(at[here]).query(at[own[part == other]])[0].min() for other in others]
            far = dijkstra(network, indices=here + first, min_only=True, limit=allowed(max(gaps)))[own + arrive]
            ways = [far[part == other].min() for other in others]
            joined += [(one, other) for other, gap, way in zip(others, gaps, ways) if way <= allowed(gap)]
            apart += [(way, gap, one, other) for other, gap, way in zip(others, gaps, ways)]
        groups, group = join(joined, count)
        if groups > 1:
            # The shortest way from the smallest group to another; none within what was looked at, the shortest straight line.
            smallest = numpy.bincount(group).argmin()
            way, gap, *_ = min(row for row in apart if group[row[2]] == smallest and group[row[3]] != smallest)
            without[cell] = {"straight_m": round(float(gap)), "way_m": round(float(way)) if numpy.isfinite(way) else None}
    return {"cells_in_parts": in_parts, "round_about": without}
