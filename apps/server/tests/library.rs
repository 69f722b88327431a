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
        assert_eq!(
            city.get(&worker, "/api/v1/places/changes").0,
            403,
            "the whole library is not for workers"
        );
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
        let files =
            || std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect::<Vec<_>>();
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

fn edit(city: &City, who: &Session, change: Value, preview: bool) -> (u16, Value) {
    let body = json!({ "change": change, "reason": "核实", "preview": preview });
    city.call(who, "post", "/api/v1/places/edits", &body)
}

#[test]
fn a_change_tells_what_moves_along_before_it_is_made_and_takes_everything_back() {
    on_both(MIGRATIONS, |db| {
        let city = City::over(db);
        let (steward, operator, worker) =
            (city.sign_in("steward"), city.sign_in("operator"), city.sign_in("worker001"));
        let from = building_of(&city, &steward, "东湖花园1栋");
        let into = building_of(&city, &steward, "东湖花园2栋");
        let case = json!({ "title": "路灯不亮", "category": "public.facility", "address": "东湖花园1栋" });
        let no = city.call(&operator, "post", "/api/v1/cases", &case).1["no"].as_str().unwrap().to_owned();
        let merge = json!({ "kind": "merge", "place": from["id"], "into": into["id"] });
        assert_eq!(edit(&city, &worker, merge.clone(), true).0, 403);
        let (status, preview) = edit(&city, &steward, merge.clone(), true);
        assert_eq!(status, 200, "{preview}");
        let effects = &preview["effects"];
        assert!(preview["edit"].is_null() && effects["places"].as_u64().unwrap() > 1, "{preview}");
        assert!(effects["people"].as_i64().unwrap() > 0 && effects["open_cases"] == 1, "{preview}");
        assert_eq!(building_of(&city, &steward, "东湖花园1栋"), from, "nothing was done");

        let people = |place: &Value| {
            let path = format!("/api/v1/places/{}/card", place["id"].as_str().unwrap());
            city.get(&steward, &path).1["facts"]["below"]["residents"].as_i64()
        };
        let (before_from, before_into) = (people(&from).unwrap(), people(&into).unwrap());
        let (status, done) = edit(&city, &steward, merge, false);
        assert_eq!((status, &done["effects"]), (200, effects));
        city.app.runner().drain().unwrap();
        assert_eq!(people(&into), Some(before_from + before_into), "everybody moved along");
        let case = |key: &str| city.get(&operator, &format!("/api/v1/cases/{no}")).1["case"][key].clone();
        assert_eq!(case("place"), into["id"]);
        let edits = city.get(&steward, "/api/v1/places/edits").1;
        assert_eq!((&edits["items"][0]["id"], &edits["items"][0]["kind"]), (&done["edit"], &json!("merge")));

        let undo = format!("/api/v1/places/edits/{}/undo", done["edit"].as_str().unwrap());
        let (status, undone) = city.call(&steward, "post", &undo, &json!({}));
        assert_eq!(status, 200);
        city.app.runner().drain().unwrap();
        assert_eq!((people(&from), people(&into)), (Some(before_from), Some(before_into)));
        assert_eq!(case("place"), from["id"]);

        // The undoing undone: they move along again, and go back once more.
        let mut last = undone;
        for (people_from, people_into, at) in
            [(0, before_from + before_into, &into), (before_from, before_into, &from)]
        {
            let undo = format!("/api/v1/places/edits/{}/undo", last["edit"].as_str().unwrap());
            last = city.call(&steward, "post", &undo, &json!({})).1;
            city.app.runner().drain().unwrap();
            assert_eq!((people(&from), people(&into)), (Some(people_from), Some(people_into)), "{last}");
            assert_eq!(case("place"), at["id"]);
        }
    });
}

fn building_of(city: &City, who: &Session, address: &str) -> Value {
    let found = city.get(who, &format!("/api/v1/places/suggest?q={address}&limit=3")).1;
    found.as_array().unwrap().iter().find(|place| place["kind"] == "building").unwrap().clone()
}

#[test]
fn what_breaks_the_rules_is_listed_and_counted_day_by_day() {
    on_both(MIGRATIONS, |db| {
        let city = City::over(db);
        let steward = city.sign_in("steward");
        let found = |quality: &Value, rule: &str| {
            let rules = quality["rules"].as_array().unwrap().iter();
            rules.filter(|one| one["rule"] == rule).map(|one| one["found"].as_i64().unwrap()).sum::<i64>()
        };
        let never = city.get(&steward, "/api/v1/places/quality").1;
        assert!(never["checked_at_ms"].is_null() && never["rules"].as_array().unwrap().len() == 6);
        let clean = city.call(&steward, "post", "/api/v1/places/quality/check", &json!({})).1;
        let building = building_of(&city, &steward, "东湖花园1栋");
        let rename = json!({ "kind": "rename", "place": building["id"], "name": "甲" });
        let (_, done) = edit(&city, &steward, rename, false);
        assert_eq!(done["warnings"], json!(["name_form"]));
        let checked = city.call(&steward, "post", "/api/v1/places/quality/check", &json!({})).1;
        assert_eq!(found(&checked, "name_form"), found(&clean, "name_form") + 1);
        let rule =
            checked["rules"].as_array().unwrap().iter().find(|one| one["rule"] == "name_form").unwrap();
        assert_eq!(rule["trend"].as_array().unwrap().len(), 1, "one day so far");
        let list = city.get(&steward, "/api/v1/places/quality/name_form").1;
        assert!(list["items"].as_array().unwrap().iter().any(|one| one["place"] == building["id"]), "{list}");
        assert_eq!(city.get(&steward, "/api/v1/places/quality/beauty").0, 404);
    });
}

#[test]
fn what_could_not_be_matched_waits_by_cause_and_one_decision_answers_all_that_waited() {
    on_both(MIGRATIONS, |db| {
        let city = City::over(db);
        let (steward, admin) = (city.sign_in("steward"), city.sign_in("admin"));
        // Three texts for one door that is missing, one about nothing that is known.
        for address in
            ["东湖花园1栋1单元2999", "东湖花园1栋1单元2999室", "东湖花园１幢一单元2999室", "老棉纺厂宿舍9号"]
        {
            assert_eq!(pushed(&city, &admin, address)["unmatched"], 1, "{address}");
        }
        let causes = city.get(&steward, "/api/v1/corrections/causes").1;
        let first = &causes["causes"][0];
        assert_eq!((&first["problem"], &first["corrections"]), (&json!("missing"), &json!(3)), "{causes}");
        assert!(
            first["address"].as_str().unwrap().ends_with("东湖花园1栋1单元") && causes["median_ms"].is_null()
        );
        let place = first["place"].as_str().unwrap();
        let tickets = city.get(&steward, &format!("/api/v1/corrections?problem=missing&place={place}")).1;
        let ticket = &tickets["items"][0]["correction"];
        assert_eq!((&ticket["name"], &ticket["kind"]), (&json!("2999室"), &json!("room")), "{tickets}");
        let decide = |ticket: &Value, more: Value| {
            let path = format!("/api/v1/corrections/{}/decide", ticket["id"].as_str().unwrap());
            let mut body = json!({ "accept": true, "version": ticket["version"] });
            body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            city.call(&steward, "post", &path, &body)
        };
        assert_eq!(decide(ticket, json!({})).0, 200);
        city.app.runner().drain().unwrap();
        let causes = city.get(&steward, "/api/v1/corrections/causes").1;
        let left = causes["causes"].as_array().unwrap();
        assert_eq!((left.len(), &left[0]["problem"]), (1, &json!("also_called")), "{causes}");
        assert_eq!(causes["decided"], 1);

        // What nobody knows is told by the one who does.
        let tickets = city.get(&steward, "/api/v1/corrections?problem=also_called&place=").1;
        let ticket = &tickets["items"][0]["correction"];
        assert_eq!(decide(ticket, json!({})).1["code"], "place_not_found", "{tickets}");
        let meant = building_of(&city, &steward, "东湖花园1栋");
        assert_eq!(decide(ticket, json!({ "place": meant["id"] })).0, 200);
        let found = city.get(&steward, "/api/v1/places/match?text=老棉纺厂宿舍9号").1;
        assert_eq!(found["accepted"]["place"], meant["id"], "{found}");
        assert!(city.get(&steward, "/api/v1/corrections/causes").1["median_ms"].is_i64());
    });
}
