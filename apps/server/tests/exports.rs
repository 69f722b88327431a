//! The address library as files, in process, on both databases.
#![allow(clippy::unwrap_used, missing_docs)]

mod fixture;

use axum::body::Body;
use axum::http::{Request, header};
use fixture::{City, Session};
use gridweave_access::ops::create_account;
use gridweave_core::{Actor, Ctx, DivisionCode, Grant, Role, TimeMs, time::ManualClock};
use gridweave_db::testkit::on_both;
use gridweave_server::assembly::MIGRATIONS;
use gridweave_server::{App, daily_export};
use serde_json::{Value, json};
use std::io::Read;
use std::sync::{Arc, Mutex};

/// The same server some days later.
fn days_later(app: &App, days: i64) -> App {
    let now = app.system.now().0 + days * 86_400_000;
    let clock = Arc::new(ManualClock::at(TimeMs(now)));
    let rng = Arc::new(Mutex::new(gridweave_core::OsRng));
    App { system: Ctx::new(Actor::system(), clock, rng, app.system.zone.clone()), ..app.clone() }
}

fn rows(city: &City, who: &Session, name: &str) -> Vec<String> {
    let request = Request::get(format!("/api/v1/places/exports/{name}"))
        .header(header::COOKIE, &who.cookie)
        .body(Body::empty())
        .unwrap();
    let (status, headers, bytes) = city.bytes(request);
    assert_eq!((status, headers[header::CONTENT_TYPE].to_str().unwrap()), (200, "application/gzip"));
    let file = daily_export::open(&city.app, name).unwrap().0;
    assert_eq!(gridweave_server::import::digest(&bytes), file.sha256);
    assert_eq!(bytes.len() as u64, file.bytes);
    let mut text = String::new();
    flate2::read::GzDecoder::new(&bytes[..]).read_to_string(&mut text).unwrap();
    let rows: Vec<String> = text.lines().skip(1).map(str::to_owned).collect();
    assert_eq!(rows.len() as u64, file.rows);
    rows
}

#[test]
fn each_day_holds_the_library_and_what_changed_since_the_day_before() {
    on_both(MIGRATIONS, |db| {
        let city = City::over(db);
        let admin = city.sign_in("admin");
        assert_eq!(city.get(&admin, "/api/v1/places/exports").1, json!([]));
        assert!(daily_export::write_due(&city.app).unwrap());
        assert!(!daily_export::write_due(&city.app).unwrap(), "once a day");
        let first = city.get(&admin, "/api/v1/places/exports").1[0].clone();
        let all = rows(&city, &admin, first["places"]["name"].as_str().unwrap());
        let counted = city.get(&admin, "/api/v1/places/counts").1;
        let known: i64 = counted.as_array().unwrap().iter().map(|kind| kind[1].as_i64().unwrap()).sum();
        assert_eq!((all.len() as i64, &first["since"]), (known, &Value::Null));
        assert!(rows(&city, &admin, first["changes"]["name"].as_str().unwrap()).is_empty());

        let steward = city.sign_in("steward");
        let door = city.get(&steward, "/api/v1/places/suggest?q=东湖花园1栋1单元101&limit=1").1[0].clone();
        let change = json!({ "kind": "rename", "place": door["id"], "name": "物业用房" });
        let body = json!({ "change": change, "reason": "核实" });
        assert_eq!(city.call(&steward, "post", "/api/v1/places/edits", &body).0, 200);
        assert!(daily_export::write_due(&days_later(&city.app, 1)).unwrap());
        let days = city.get(&admin, "/api/v1/places/exports").1;
        assert_eq!(days[0]["since"], first["seq"]);
        let changed = rows(&city, &admin, days[0]["changes"]["name"].as_str().unwrap());
        assert_eq!(changed.len(), 1);
        assert!(changed[0].contains("物业用房") && changed[0].contains(door["address"].as_str().unwrap()));
        // The whole of the second day is the first with that row exchanged.
        let now = rows(&city, &admin, days[0]["places"]["name"].as_str().unwrap());
        let fresh: Vec<&String> = now.iter().filter(|row| !all.contains(row)).collect();
        assert!(now.len() == all.len() && fresh.len() == 1 && changed[0].starts_with(fresh[0].as_str()));
    });
}

#[test]
fn old_days_go_and_only_who_may_see_the_whole_city_takes_one() {
    on_both(MIGRATIONS, |db| {
        let city = City::over(db);
        let keep = |days: i64| {
            let mut later = days_later(&city.app, days);
            let mut config = later.config.as_ref().clone();
            config.export_days = 2;
            later.config = Arc::new(config);
            daily_export::write_due(&later).unwrap()
        };
        assert!((0..4).all(keep));
        let days = daily_export::days(&city.app);
        let files = std::fs::read_dir(city.app.config.data.join("exports")).unwrap().count();
        assert_eq!((days.len(), files), (2, 6));

        let part = DivisionCode::parse("420106").unwrap();
        for (login, role, division) in
            [("program", Role::Integrator, None), ("part", Role::Steward, Some(part))]
        {
            let input = create_account::Input {
                login: login.to_owned(),
                name: login.to_owned(),
                department: None,
                grants: vec![Grant { role, division }],
                password: Some("forgetful-otter".to_owned()),
            };
            let ctx = city.app.system.clone();
            city.app.db.write_blocking(move |tx| create_account::run(tx, &ctx, &input).map(drop)).unwrap();
        }
        let path = format!("/api/v1/places/exports/{}", days[0].changes.name);
        let (program, part, worker) =
            (city.sign_in("program"), city.sign_in("part"), city.sign_in("worker001"));
        assert_eq!(city.get(&program, &path).0, 200);
        assert_eq!(city.get(&part, &path).1["code"], "export_whole_city");
        assert_eq!(city.get(&worker, &path).0, 403);
        for gone in ["places-2001-01-01.csv.gz", "..%2F..%2Fsecret.key", "2001-01-01.json"] {
            let missing = city.get(&program, &format!("/api/v1/places/exports/{gone}")).1;
            assert_eq!(missing["code"], "export_not_found", "{gone}");
        }
        let ledger = city.get(&city.sign_in("auditor"), "/api/v1/ledger?limit=5").1.to_string();
        assert!(ledger.contains("addresses.export"), "{ledger}");
    });
}
