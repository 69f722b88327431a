"""Tiles read by others: GDAL's MVT driver, PyPI mapbox-vector-tile, npm @mapbox/vector-tile, and their files."""

import gzip
import json
import math
import pathlib
import sqlite3
import subprocess

import mapbox_vector_tile
import pytest
import requests
from conftest import PROGRAM
from pmtiles.reader import MmapSource, Reader

WEB = pathlib.Path(__file__).parents[2] / "web"


def tile_of(lon, lat, z):
    y = (1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2
    return z, int((lon + 180) / 360 * 2**z), int(y * 2**z)


def node(script, body):
    """What a module prints as JSON, given a tile on standard input."""
    ran = subprocess.run(["node", "--input-type=module", "-e", script], input=body, capture_output=True, cwd=WEB)
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


@pytest.fixture(scope="module")
def building(city):
    """A building with its properties and a point within it."""
    found = city.get("/api/v1/places/suggest", q="东湖花园1栋").json()
    place = next(p for p in found if p["kind"] == "building")
    return place, (place["point"]["lon"], place["point"]["lat"])


def test_both_decoders_see_the_same_features_with_their_chinese_names(city, building):
    place, (lon, lat) = building
    for z in (15, 16, 18):
        body = city.get("/tiles/base/{}/{}/{}.pbf".format(*tile_of(lon, lat, z))).content
        python = mapbox_vector_tile.decode(body, default_options={"y_coord_down": True})
        script = (
            "import { VectorTile } from '@mapbox/vector-tile'; import { PbfReader } from 'pbf'; import { readFileSync } from 'node:fs';"
            "const tile = new VectorTile(new PbfReader(readFileSync(0))); const out = {};"
            "for (const [name, layer] of Object.entries(tile.layers)) { out[name] = []; for (let i = 0; i < layer.length; i++) {"
            "const f = layer.feature(i); out[name].push({ properties: f.properties, type: f.type, geometry: f.loadGeometry(), extent: layer.extent, version: layer.version }); } }"
            "console.log(JSON.stringify(out));"
        )
        javascript = node(script, body)
        assert python.keys() == javascript.keys()
        for name, layer in python.items():
            assert layer["extent"] == 4096 and len(layer["features"]) == len(javascript[name])
            for one, other in zip(layer["features"], javascript[name]):
                assert one["properties"] == other["properties"] and other["version"] == 2
                rings = [[(p["x"], p["y"]) for p in ring] for ring in other["geometry"]]
                if one["geometry"]["type"] == "Polygon":
                    assert [[tuple(p) for p in ring] for ring in one["geometry"]["coordinates"]] == rings
        names = [f["properties"]["name"] for f in python["building"]["features"]]
        assert place["name"] in names


def test_a_maplibre_tile_tells_the_same(city, building):
    _, (lon, lat) = building
    path = "/tiles/base/{}/{}/{}".format(*tile_of(lon, lat, 16))
    mvt = mapbox_vector_tile.decode(city.get(path).content)
    negotiated = requests.get(city.url + path, headers=city.headers | {"Accept": "application/vnd.maplibre-tile"}, timeout=60)
    assert negotiated.headers["content-type"] == "application/vnd.maplibre-tile"
    body = city.get(path + ".mlt").content
    assert body == negotiated.content
    # The package is written for bundlers.
    script = (
        "import { readFileSync } from 'node:fs'; import { createServer } from 'vite'; const out = {};"
        "const vite = await createServer({ configFile: false, appType: 'custom', logLevel: 'error', server: { middlewareMode: true, ws: false, hmr: false },"
        "  optimizeDeps: { noDiscovery: true }, ssr: { noExternal: ['@maplibre/mlt'] } });"
        "const { decodeTile } = await vite.ssrLoadModule('@maplibre/mlt');"
        "for (const t of decodeTile(new Uint8Array(readFileSync(0)))) out[t.name] = t.getFeatures().map((f) => f.properties);"
        "console.log(JSON.stringify(out)); await vite.close();"
    )
    there = node(script, body)
    assert there.keys() == mvt.keys()
    for name, layer in mvt.items():
        told = [{k: v for k, v in properties.items() if v is not None} for properties in there[name]]
        assert told == [feature["properties"] for feature in layer["features"]]


def test_gdal_reads_a_tile_where_it_lies(city, building, tmp_path):
    place, (lon, lat) = building
    z, x, y = tile_of(lon, lat, 16)
    file = tmp_path / str(z) / str(x)
    file.mkdir(parents=True)
    (file / f"{y}.pbf").write_bytes(city.get(f"/tiles/base/{z}/{x}/{y}.pbf").content)
    out = tmp_path / "out.geojson"
    city.gdal("ogr2ogr", "-f", "GeoJSON", out, f"MVT:{file / f'{y}.pbf'}", "building", "-oo", f"X={x}", "-oo", f"Y={y}", "-oo", f"Z={z}", "-t_srs", "EPSG:4326")
    features = json.loads(out.read_text())["features"]
    mine = next(f for f in features if f["properties"]["id"] == place["id"])
    assert mine["properties"]["name"] == place["name"]
    outline = mine["geometry"]["coordinates"]
    ring = outline[0][0] if mine["geometry"]["type"] == "MultiPolygon" else outline[0]
    # A tile's unit is 0.13 m there.
    assert min(p[0] for p in ring) - 1e-5 <= lon <= max(p[0] for p in ring) + 1e-5
    assert min(p[1] for p in ring) - 1e-5 <= lat <= max(p[1] for p in ring) + 1e-5


def test_exported_files_hold_the_tiles_that_are_served(city, building, tmp_path):
    _, (lon, lat) = building
    for ending in ("mbtiles", "pmtiles"):
        file = tmp_path / f"base.{ending}"
        subprocess.run([PROGRAM, "tiles", "export", "--set", "base", "--out", file, "--min-zoom", "10", "--max-zoom", "16", "--data", city.data], check=True, capture_output=True)
        for zoom in (14, 15, 16):
            z, x, y = tile_of(lon, lat, zoom)
            served = city.get(f"/tiles/base/{z}/{x}/{y}.pbf").content
            if ending == "mbtiles":
                row = sqlite3.connect(file).execute("select tile_data from tiles where zoom_level = ? and tile_column = ? and tile_row = ?", (z, x, 2**z - 1 - y)).fetchone()
                stored = row[0]
            else:
                with open(file, "rb") as opened:
                    stored = Reader(MmapSource(opened)).get(z, x, y)
            assert gzip.decompress(stored) == served
        if ending == "mbtiles":
            told = city.gdal("ogrinfo", "-so", file, "building")
            assert "name: String" in told and "Feature Count" in told


def test_tile_json_describes_what_is_served(city):
    told = city.get("/tiles/cells.json").json()
    assert told["tilejson"] == "3.0.0" and "{z}/{x}/{y}" in told["tiles"][0]
    fields = {layer["id"]: layer["fields"] for layer in told["vector_layers"]}
    assert fields["cell"]["households"] == "Number" and fields["cell"]["name"] == "String"
    west, south, east, north = told["bounds"]
    extent = city.get("/ogc/collections/cells-base").json()["extent"]["spatial"]["bbox"][0]
    assert west <= extent[0] + 1e-6 and south <= extent[1] + 1e-6 and east >= extent[2] - 1e-6 and north >= extent[3] - 1e-6
