//! The address library in process, on both databases: completing, corrections that travel, the feed of changes,
//! the compiled file.
#![allow(clippy::unwrap_used, missing_docs)]

mod fixture;

use axum::body::Body;
use axum::http::{Request, header};
use fixture::{City, Session};
use gridweave_db::testkit::on_both;
use gridweave_server::assembly::MIGRATIONS;
use gridweave_server::library_files;
use serde_json::{Value, json};

fn suggested(city: &City, who: &Session, typed: &str) -> Vec<String> {
    let found = city.get(who, &format!("/api/v1/places/suggest?q={typed}&limit=5")).1;
    let addresses = found.as_array().unwrap().iter();
    addresses.map(|place| place["address"].as_str().unwrap().to_owned()).collect()
}

fn compound(city: &City, who: &Session) -> Value {
    city.get(who, "/api/v1/places/suggest?q=东湖花园&limit=1").1[0].clone()
}

fn pushed(city: &City, who: &Session, address: &str) -> Value {
    let table = format!("户号,地址,统计日期\nH-{address},{address},2026-02-01\n");
    let request = Request::post("/api/v1/feeds/zero-use-list/push?format=csv")
        .header(header::COOKIE, &who.cookie)
        .header("x-csrf-token", &who.csrf)
        .body(Body::from(table))
        .unwrap();
    let (status, _, done) = city.send(request);
    assert_eq!(status, 200, "{done}");
    done
}

#[test]
fn what_is_typed_is_completed_in_letters_pinyin_and_initials() {
    on_both(MIGRATIONS, |db| {
        let city = City::over(db);
        let worker = city.sign_in("worker001");
        for typed in ["东湖花", "東湖花園", "donghuhua", "dhhy", "DHHY"] {
            let found = suggested(&city, &worker, typed);
            assert!(found.first().is_some_and(|address| address.ends_with("东湖花园")), "{typed}: {found:?}");
        }
        let found = suggested(&city, &worker, "dhhy1-1");
        assert!(found[0].ends_with("东湖花园1栋1单元"), "{found:?}");
        for nothing in ["", "%20", "qqqq", "%F0%9F%92%A7"] {
            assert!(suggested(&city, &worker, nothing).is_empty(), "{nothing}");
        }
    });
}

#[test]
fn an_accepted_correction_is_what_the_next_push_matches_and_stands_in_the_feed_of_changes() {
    on_both(MIGRATIONS, |db| {
        let city = City::over(db);
        let (worker, steward, admin) =
            (city.sign_in("worker001"), city.sign_in("steward"), city.sign_in("admin"));
        let place = compound(&city, &worker);
        let before = city.get(&steward, "/api/v1/places/changes?since=0&limit=1").1;
        assert_eq!((before["changes"].as_array().unwrap().len(), &before["more"]), (1, &json!(true)));
        let mut since = before["next"].as_i64().unwrap();
        loop {
            let page = city.get(&steward, &format!("/api/v1/places/changes?since={since}")).1;
            since = page["next"].as_i64().unwrap();
            if page["more"] == json!(false) {
                break;
            }
        }
        assert_eq!(pushed(&city, &admin, "听涛苑1栋1单元101")["unmatched"], 1);
        let ticket = json!({ "place": place["id"], "problem": "renamed", "name": "听涛苑" });
        let id = city.call(&worker, "post", "/api/v1/corrections", &ticket).1["id"].clone();
        let nothing = city.get(&steward, &format!("/api/v1/places/changes?since={since}")).1;
        assert_eq!(nothing, json!({ "changes": [], "next": since, "more": false }));
        let decide = format!("/api/v1/corrections/{}/decide", id.as_str().unwrap());
        let decision = json!({ "accept": true, "version": 1 });
        assert_eq!(city.call(&steward, "post", &decide, &decision).0, 200);

        let changed = city.get(&steward, &format!("/api/v1/places/changes?since={since}&limit=5000")).1;
        let changes = changed["changes"].as_array().unwrap();
        assert_eq!(changes[0]["place"]["name"], "听涛苑");
        assert_eq!(changes[0]["aliases"][0], place["address"]);
        let numbers: Vec<i64> = changes.iter().map(|change| change["seq"].as_i64().unwrap()).collect();
        assert!(numbers.windows(2).all(|two| two[0] < two[1]) && numbers.len() > 10, "doors follow");
        assert_eq!(changed["next"], *numbers.last().unwrap());
        for address in ["听涛苑1栋1单元102", "东湖花园1栋1单元201"] {
            assert_eq!(pushed(&city, &admin, address)["unmatched"], 0, "{address}");
        }
        // What waited is matched by the loop.
        city.app.runner().drain().unwrap();
        let waiting = city.get(&admin, "/api/v1/signals?state=unmatched").1.to_string();
        assert!(!waiting.contains("听涛苑1栋1单元101"), "{waiting}");
        assert_eq!(city.get(&worker, "/api/v1/places/changes").0, 403, "the whole library is not for workers");
        assert_eq!(city.get(&steward, "/api/v1/places/changes?since=-1").1["code"], "query_invalid");

        let id = place["id"].as_str().unwrap();
        let as_of = |at: &str| city.get(&worker, &format!("/api/v1/places/{id}?at={at}"));
        let (now, long_ago) = (as_of("2999-01-01").1, as_of("2001-01-01"));
        assert_eq!((&now["name"], long_ago.0), (&json!("听涛苑"), 404));
        let made = place["changed_at_ms"].as_i64().unwrap();
        assert_eq!(as_of(&made.to_string()).1["name"], "东湖花园");
        assert_eq!(as_of("soon").1["code"], "query_invalid");
    });
}

#[test]
fn a_compiled_library_is_opened_again_with_what_changed_since() {
    on_both(MIGRATIONS, |db| {
        let city = City::over(db);
        let steward = city.sign_in("steward");
        let folder = city.app.config.data.join("library");
        assert!(!library_files::compact(&city.app).unwrap(), "so small a library needs no file");
        assert!(library_files::compact_beyond(&city.app, 1, 1).unwrap());
        assert!(!library_files::compact_beyond(&city.app, 1, 1).unwrap(), "nothing has changed");
        let (places, _) = city.app.library.sizes().unwrap();
        let place = compound(&city, &steward);
        let edit = json!({ "name": "听涛苑", "reason": "改名" });
        let path = format!("/api/v1/places/{}", place["id"].as_str().unwrap());
        let request = Request::patch(path)
            .header(header::COOKIE, &steward.cookie)
            .header("x-csrf-token", &steward.csrf)
            .header(header::IF_MATCH, "\"1\"")
            .body(Body::from(edit.to_string()))
            .unwrap();
        assert_eq!(city.send(request).0, 200);

        // Another start over the same folder and database.
        let again = |app: &gridweave_server::App| {
            let fresh = gridweave_server::App { library: Default::default(), ..app.clone() };
            library_files::open(&fresh).unwrap();
            fresh.library.sizes().unwrap()
        };
        let (base, changes) = again(&city.app);
        assert!(base == places && changes > 10, "{base} {changes}");
        let files = || std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect::<Vec<_>>();
        // A damaged file is left aside; the library is compiled from the database.
        let path = files().remove(0);
        let mut bytes = std::fs::read(&path).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        std::fs::write(&path, bytes).unwrap();
        assert_eq!(again(&city.app), (places, 0));
        assert!(files().is_empty());
        assert!(library_files::compact_beyond(&city.app, 1, 1).unwrap());
        assert_eq!((files().len(), again(&city.app)), (1, (places, 0)));
    });
}
