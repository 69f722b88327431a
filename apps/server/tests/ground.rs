//! The ground in process, on both databases: drilling down the map, tiles, OGC API – Features.
#![allow(clippy::unwrap_used, missing_docs)]

mod fixture;

use axum::body::Body;
use axum::http::{Request, header};
use fixture::{City, Session};
use gridweave_db::testkit::on_both;
use gridweave_server::assembly::MIGRATIONS;
use serde_json::{Value, json};

#[test]
fn the_map_drills_from_the_city_to_a_cell_and_counts_only_what_the_caller_may_see() {
    on_both(MIGRATIONS, |db| {
        let city = City::over(db);
        let (operator, worker) = (city.sign_in("operator"), city.sign_in("worker001"));
        let case = json!({ "title": "路灯不亮", "category": "public.facility", "address": "东湖花园1栋" });
        assert_eq!(city.call(&operator, "post", "/api/v1/cases", &case).0, 200);
        let mut at = String::new();
        let mut levels = 0;
        let cell = loop {
            let level = city.get(&operator, &format!("/api/v1/map/below?division={at}")).1;
            let first = level["below"][0].clone();
            assert!(first["bounds"].is_array(), "{level}");
            at = first["code"].as_str().unwrap().to_owned();
            if at.len() == 15 {
                break first;
            }
            assert_eq!(first["open"], 1, "{level}");
            levels += 1;
        };
        assert_eq!((levels, cell["open"].is_null()), (4, true), "city, district, street, community");
        assert!(cell["households"].as_i64().unwrap() > 0);
        let top = city.get(&worker, "/api/v1/map/below").1;
        assert!(top["below"][0]["open"].is_null(), "a worker sees no counts of others' cases");
        assert_eq!(city.get(&operator, "/api/v1/map/below?division=x").1["code"], "query_invalid");
    });
}

#[test]
fn other_programs_read_the_ground_page_by_page_and_wrong_parameters_are_refused() {
    on_both(MIGRATIONS, |db| {
        let city = City::over(db);
        let (planner, worker) = (city.sign_in("planner"), city.sign_in("worker001"));
        let landing = city.get(&planner, "/ogc").1;
        let rels: Vec<&str> =
            landing["links"].as_array().unwrap().iter().filter_map(|link| link["rel"].as_str()).collect();
        for rel in ["self", "service-desc", "conformance", "data"] {
            assert!(rels.contains(&rel), "{rels:?}");
        }
        let names = |who: &Session| -> Vec<String> {
            let all = city.get(who, "/ogc/collections").1;
            let ids =
                all["collections"].as_array().unwrap().iter().map(|c| c["id"].as_str().unwrap().to_owned());
            ids.collect()
        };
        assert!(names(&planner).contains(&"cells-base".to_owned()), "{:?}", names(&planner));
        assert!(!names(&worker).contains(&"cases".to_owned()), "a worker sees no others' cases");
        assert_eq!(city.get(&worker, "/ogc/collections/cases/items").0, 404);

        // Every building once, page by page by the links.
        let mut at = "/ogc/collections/places/items?kind=building&limit=7".to_owned();
        let (mut ids, mut matched) = (std::collections::HashSet::new(), 0);
        loop {
            let page = city.get(&planner, &at).1;
            matched = page["numberMatched"].as_u64().unwrap().max(matched);
            let features = page["features"].as_array().unwrap();
            assert_eq!(page["numberReturned"], features.len());
            for feature in features {
                assert_eq!(feature["properties"]["kind"], "building");
                assert!(ids.insert(feature["id"].as_str().unwrap().to_owned()), "{feature} twice");
            }
            let next = page["links"].as_array().unwrap().iter().find(|link| link["rel"] == "next").cloned();
            let Some(next) = next else { break };
            at = next["href"]
                .as_str()
                .unwrap()
                .split_once("/ogc")
                .map(|(_, rest)| format!("/ogc{rest}"))
                .unwrap();
        }
        assert_eq!(ids.len() as u64, matched);
        let id = ids.iter().next().unwrap();
        let one = city.get(&planner, &format!("/ogc/collections/places/items/{id}")).1;
        assert_eq!((&one["type"], &one["id"]), (&json!("Feature"), &json!(id)));
        let nowhere = city.get(&planner, "/ogc/collections/places/items?bbox=0,0,1,1").1;
        assert_eq!(
            (&nowhere["numberMatched"], nowhere["features"].as_array().unwrap().len()),
            (&json!(0), 0)
        );
        for wrong in ["colour=red", "bbox=1,2,3", "limit=0", "limit=many", "datetime=soon", "f=xml"] {
            let path = format!("/ogc/collections/places/items?{wrong}");
            let (status, answer) = city.get(&planner, &path);
            assert_eq!((status, &answer["code"]), (400, &json!("parameter_invalid")), "{wrong}");
        }
        assert_eq!(city.get(&planner, "/ogc/collections/people").0, 404);
        let text = city.get(&planner, "/ogc/collections/places/items?limit=10000").1.to_string();
        assert!(!text.contains("phone") && !text.contains("identity"));
    });
}

/// 东湖花园1栋 as the library has it.
fn building(city: &City, who: &Session) -> Value {
    let found = city.get(who, "/api/v1/places/suggest?q=东湖花园1栋").1;
    found.as_array().unwrap().iter().find(|p| p["kind"] == "building").unwrap().clone()
}

/// Status and tag of an answer, asked for with the tag that is known.
fn tagged(city: &City, who: &Session, path: &str, known: Option<&str>) -> (u16, String) {
    let mut request = Request::get(path).header(header::COOKIE, &who.cookie);
    if let Some(known) = known {
        request = request.header(header::IF_NONE_MATCH, known);
    }
    let (status, headers, _) = city.send(request.body(Body::empty()).unwrap());
    (status, headers[header::ETAG].to_str().unwrap().to_owned())
}

#[test]
fn a_tile_is_sent_again_only_when_what_it_shows_has_changed() {
    on_both(MIGRATIONS, |db| {
        let city = City::over(db);
        let steward = city.sign_in("steward");
        let building = building(&city, &steward);
        let at = |axis: &str| building["point"][axis].as_f64().unwrap();
        let p = gridweave_atlas::tile::to_world([at("lon"), at("lat")]);
        let scale = f64::from(1u32 << 15);
        let path = format!("/tiles/base/15/{}/{}.pbf", (p[0] * scale) as u32, (p[1] * scale) as u32);
        let ask = |known: Option<&str>| tagged(&city, &steward, &path, known);
        let (status, tag) = ask(None);
        assert_eq!(status, 200);
        assert_eq!(ask(Some(&tag)), (304, tag.clone()));
        let elsewhere = tagged(&city, &steward, "/tiles/base/15/0/0.pbf", None);
        assert_eq!(elsewhere.0, 204);
        // A building is called otherwise: its tile is another.
        let edit = json!({ "name": "1栋（东）", "reason": "门牌更换" }).to_string();
        let request = Request::builder()
            .method("PATCH")
            .uri(format!("/api/v1/places/{}", building["id"].as_str().unwrap()))
            .header(header::COOKIE, &steward.cookie)
            .header("x-csrf-token", &steward.csrf)
            .header(header::IF_MATCH, building["version"].to_string())
            .body(Body::from(edit))
            .unwrap();
        let (status, _, answer) = city.send(request);
        assert_eq!(status, 200, "{answer}");
        let (status, other) = ask(Some(&tag));
        assert_eq!(status, 200);
        assert_ne!(other, tag);
        // What the edit did not touch is not sent again.
        let again = tagged(&city, &steward, "/tiles/base/15/0/0.pbf", Some(&elsewhere.1));
        assert_eq!(again, (304, elsewhere.1));
        let layers = city.get(&steward, "/tiles/base.json").1;
        assert!(layers["vector_layers"].as_array().unwrap().iter().any(|layer| layer["id"] == "building"));
    });
}

#[test]
fn the_nearest_places_come_first_and_none_from_beyond_the_radius() {
    on_both(MIGRATIONS, |db| {
        let city = City::over(db);
        let operator = city.sign_in("operator");
        let building = building(&city, &operator);
        let (lon, lat) =
            (building["point"]["lon"].as_f64().unwrap(), building["point"]["lat"].as_f64().unwrap());
        let ask = |more: &str| {
            let (status, answer) =
                city.get(&operator, &format!("/api/v1/places/near?lon={lon}&lat={lat}{more}"));
            assert_eq!(status, 200, "{answer}");
            answer.as_array().unwrap().clone()
        };
        let near = ask("&kind=building&limit=5");
        assert_eq!((&near[0]["place"]["id"], near[0]["distance_m"].as_f64()), (&building["id"], Some(0.0)));
        let far: Vec<f64> = near.iter().map(|place| place["distance_m"].as_f64().unwrap()).collect();
        assert!(far.len() == 5 && far.is_sorted() && far[4] <= 500.0, "{far:?}");
        assert!(near.iter().all(|place| place["place"]["kind"] == "building"));
        assert_eq!(ask("&kind=building&within_m=0.5&limit=5").len(), 1);
        // The compound around it is as near as the building itself.
        assert!(ask("&within_m=0.5").iter().any(|place| place["place"]["kind"] == "compound"));
        assert!(city.get(&operator, "/api/v1/places/near?lon=0&lat=0").1.as_array().unwrap().is_empty());
        assert_eq!(city.get(&operator, "/api/v1/places/near?lon=999&lat=0").0, 422);
        assert_eq!(city.get(&operator, "/api/v1/places/near?lat=0").0, 422);
    });
}
