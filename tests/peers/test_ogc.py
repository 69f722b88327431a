"""OGC API – Features read by others: GDAL, OWSLib, and the same answers as pygeoapi gives on the same features."""

import contextlib
import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import time

import pytest
import requests
from conftest import by_id, save
from owslib.ogcapi.features import Features

COLLECTIONS = ["cells-base", "cells-policing", "places", "cases"]


def bounds(features):
    def corners(value):
        return [value] if isinstance(value[0], (int, float)) else [c for part in value for c in corners(part)]

    points = [c for f in features for c in corners(f["geometry"]["coordinates"])]
    return [fold(p[axis] for p in points) for fold in (min, max) for axis in (0, 1)]


@pytest.mark.parametrize("name", COLLECTIONS)
def test_gdal_counts_the_same_features_in_the_same_extent(city, name):
    items = city.all_items(name)
    told = city.gdal("ogrinfo", "-so", f"OAPIF:{city.url}/ogc", name)
    assert int(re.search(r"Feature Count: (\d+)", told).group(1)) == len(items) > 0
    extent = [float(v) for v in re.search(r"Extent: \(([-\d.]+), ([-\d.]+)\) - \(([-\d.]+), ([-\d.]+)\)", told).groups()]
    assert extent == pytest.approx(bounds(items), abs=1e-6)


@pytest.mark.parametrize("name", ["cells-base", "places"])
def test_a_round_trip_through_geopackage_changes_nothing(city, name, tmp_path):
    package, back = tmp_path / "a.gpkg", tmp_path / "back.geojson"
    city.gdal("ogr2ogr", "-f", "GPKG", package, f"OAPIF:{city.url}/ogc", name, "-oo", "PAGE_SIZE=300", "-nlt", "GEOMETRY")
    city.gdal("ogr2ogr", "-f", "GeoJSON", back, package, "-lco", "COORDINATE_PRECISION=17")
    items = by_id(city.all_items(name))
    # GDAL keeps the identifier in a column of its own.
    returned = {}
    for feature in json.loads(back.read_text())["features"]:
        properties = dict(feature["properties"])
        returned[str(properties.pop("id", feature.get("id")))] = (feature["geometry"], properties)
    assert returned.keys() == items.keys()
    for identifier, (geometry, properties) in items.items():
        there, told = returned[identifier]
        assert there["type"] == geometry["type"]
        assert bounds([{"geometry": there}]) == pytest.approx(bounds([{"geometry": geometry}]), abs=1e-12)
        assert {k: str(v) for k, v in told.items()} == {k: str(v) for k, v in properties.items()}


def test_owslib_finds_its_way(city):
    service = Features(f"{city.url}/ogc/", headers=city.headers)
    rels = {link["rel"]: link["href"] for link in service.links}
    assert {"self", "conformance", "data", "service-desc", "service-doc"} <= rels.keys()
    assert all(part in " ".join(service.conformance()["conformsTo"]) for part in ["conf/core", "conf/geojson", "conf/oas30"])
    assert service.api()["openapi"].startswith("3.0")
    assert set(COLLECTIONS) <= set(service.feature_collections())
    assert service.collection("places")["extent"]["spatial"]["bbox"][0][0] > 100
    assert "kind" in service.collection_queryables("places")["properties"]
    seen, offset = [], 0
    while True:
        page = service.collection_items("places", limit=30, offset=offset)
        seen += [feature["id"] for feature in page["features"]]
        if not any(link["rel"] == "next" for link in page["links"]):
            break
        offset += 30
    assert len(seen) == len(set(seen)) == page["numberMatched"] > 60
    one = service.collection_item("places", seen[7])
    assert one["id"] == seen[7]
    west, south, east, north = bounds([one])
    near = service.collection_items("places", bbox=[west, south, east, north], limit=1000)
    assert seen[7] in [feature["id"] for feature in near["features"]] and near["numberMatched"] < len(seen)
    with pytest.raises(RuntimeError):
        service.collection_items("nothing")


@contextlib.contextmanager
def pygeoapi(folder, collections):
    """pygeoapi over GeoJSON files, until the block ends; gives its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    config = {
        "server": {
            "bind": {"host": "127.0.0.1", "port": port}, "url": f"http://127.0.0.1:{port}", "mimetype": "application/json",
            "encoding": "utf-8", "languages": ["en"], "limits": {"default_items": 10, "max_items": 10000},
            "map": {"url": "x", "attribution": "x"},
        },
        "logging": {"level": "ERROR"},
        "metadata": {
            "identification": {"title": "x", "description": "x", "keywords": ["x"], "keywords_type": "theme", "terms_of_service": "x", "url": "http://localhost"},
            "license": {"name": "x", "url": "http://localhost"}, "provider": {"name": "x", "url": "http://localhost"}, "contact": {"name": "x"},
        },
        "resources": {
            name: {
                "type": "collection", "title": name, "description": name, "keywords": ["x"],
                "extents": {"spatial": {"bbox": [-180, -90, 180, 90], "crs": "http://www.opengis.net/def/crs/OGC/1.3/CRS84"}},
                "links": [], "providers": [{"type": "feature", "name": "GeoJSON", "data": str(path), "id_field": "id"}],
            }
            for name, path in collections.items()
        },
    }
    env = os.environ | {"PYGEOAPI_CONFIG": str(folder / "config.yml"), "PYGEOAPI_OPENAPI": str(folder / "openapi.yml")}
    # JSON is YAML.
    (folder / "config.yml").write_text(json.dumps(config))
    program = str(pathlib.Path(sys.executable).parent / "pygeoapi")
    made = subprocess.run([program, "openapi", "generate", env["PYGEOAPI_CONFIG"], "--output-file", env["PYGEOAPI_OPENAPI"]], env=env, capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
    with open(folder / "log", "w") as log:
        server = subprocess.Popen([program, "serve", "--flask"], env=env, stdout=log, stderr=log)
        try:
            for _ in range(100):
                with contextlib.suppress(requests.ConnectionError):
                    requests.get(f"http://127.0.0.1:{port}/conformance", timeout=5)
                    break
                time.sleep(0.2)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            server.wait()


def test_the_answers_are_those_of_pygeoapi_on_the_same_features(city, tmp_path):
    names = ["cells-base", "places"]
    files, all_items = {}, {}
    for name in names:
        all_items[name] = city.all_items(name)
        files[name] = tmp_path / f"{name}.geojson"
        save(files[name], all_items[name])
    west, south, east, north = bounds(all_items["places"])
    half = f"{west},{south},{(west + east) / 2},{(south + north) / 2}"
    with pygeoapi(tmp_path, files) as peer:
        for name in names:
            kinds = {"kind": "building"} if name == "places" else {"network": "base"}
            asked = [
                {}, {"limit": 7}, {"limit": 50, "offset": 3}, {"limit": 10000}, {"limit": 10000, "offset": 10},
                {"limit": 10000, "bbox": half}, {"limit": 10000, "bbox": "0,0,1,1"}, {"limit": 10000} | kinds,
                {"limit": 10000, "bbox": half} | kinds, {"limit": 5, "name": all_items[name][0]["properties"]["name"]},
            ]
            for query in asked:
                ours = city.get(f"/ogc/collections/{name}/items", **query).json()
                theirs = requests.get(f"{peer}/collections/{name}/items", params={"f": "json"} | query, timeout=60).json()
                shown = (name, query)
                assert ours["numberMatched"] == theirs["numberMatched"], shown
                assert ours["numberReturned"] == theirs["numberReturned"], shown
                assert [f["id"] for f in ours["features"]] == [f["id"] for f in theirs["features"]], shown
                assert by_id(ours["features"]) == by_id(theirs["features"]), shown
                rels = lambda page: {link["rel"] for link in page["links"]} & {"self", "next", "prev", "collection"}
                assert rels(ours) == rels(theirs), shown
            one = all_items[name][-1]["id"]
            ours = city.get(f"/ogc/collections/{name}/items/{one}").json()
            theirs = requests.get(f"{peer}/collections/{name}/items/{one}", params={"f": "json"}, timeout=60).json()
            assert by_id([ours]) == by_id([theirs])
        for wrong in [{"limit": "0"}, {"limit": "x"}, {"offset": "-1"}, {"bbox": "1,2,3"}, {"bbox": "a,b,c,d"}, {"unknown": "1"}]:
            for url, headers in [(city.url + "/ogc", city.headers), (peer, {})]:
                if url == peer and "unknown" in wrong:
                    # A property that no feature has matches nothing there; the standard asks for 400.
                    continue
                answer = requests.get(f"{url}/collections/places/items", params=wrong, headers=headers, timeout=60)
                assert answer.status_code == 400, (url, wrong)


def test_no_person_is_there(city):
    text = city.get("/ogc/collections").text
    for name in ["divisions", *COLLECTIONS]:
        text += json.dumps(city.all_items(name), ensure_ascii=False)
    assert not re.search(r"phone|identity|birth|(?<![\d.])1[3-9]\d{9}(?!\d)", text)
    assert requests.get(f"{city.url}/ogc/collections", timeout=60).status_code == 401
