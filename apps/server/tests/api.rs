//! The API in process, on both databases: guards, problems, and the loop from a push to a closed case.
#![allow(clippy::unwrap_used, missing_docs)]

mod fixture;

use axum::body::Body;
use axum::http::{Request, header};
use fixture::{City, Session};
use gridweave_core::event::Finding;
use gridweave_core::{Ctx, DivisionCode, Event, Grant, Role, Zone};
use gridweave_db::OpError;
use gridweave_db::testkit::on_both;
use gridweave_server::assembly::MIGRATIONS;
use gridweave_server::http;
use gridweave_server::http::route::Access;
use serde_json::json;
use std::sync::Arc;

#[test]
fn no_route_answers_a_stranger_and_changes_need_the_token() {
    on_both(MIGRATIONS, |db| {
        let city = City::over(db);
        let stranger = Session::default();
        for route in http::routes() {
            let path = route.path.replace("{z}/{x}/{y}", "1/0/0").replace("{id}", "x").replace("{no}", "x");
            let path = path.replace("{name}", "x").replace("{kind}", "people").replace("{set}", "base");
            let path = path.replace("{code}", "9901").replace("{network}", "base");
            let (status, answer) = city.call(&stranger, route.method, &path, &json!({}));
            match route.access {
                Access::Public => assert_ne!(status, 401, "{} {path}", route.method),
                _ => assert_eq!(
                    (status, answer["code"].as_str()),
                    (401, Some("sign_in_required")),
                    "{} {path}",
                    route.method
                ),
            }
        }
        let mut operator = city.sign_in("operator");
        operator.csrf = "forged".to_owned();
        let case = json!({ "title": "x", "category": "public.facility" });
        assert_eq!(city.call(&operator, "post", "/api/v1/cases", &case).1["code"], "csrf_token_invalid");
    });
}

#[test]
fn problems_speak_both_languages_and_name_what_is_wrong() {
    on_both(MIGRATIONS, |db| {
        let city = City::over(db);
        let operator = city.sign_in("operator");
        let ask = |language: &str| {
            let request = Request::post("/api/v1/cases")
                .header(header::COOKIE, &operator.cookie)
                .header("x-csrf-token", &operator.csrf)
                .header(header::ACCEPT_LANGUAGE, language)
                .body(Body::from(json!({ "title": " ", "category": "public.facility" }).to_string()))
                .unwrap();
            let (status, headers, answer) = city.send(request);
            assert_eq!(headers[header::CONTENT_TYPE], "application/problem+json");
            (status, answer)
        };
        let (status, chinese) = ask("zh-CN");
        assert_eq!(
            (status, &chinese["code"], &chinese["title"]),
            (422, &json!("title_missing"), &json!("请填写事由"))
        );
        assert_eq!(ask("en-GB").1["title"], "Say in a line what it is");
        let (status, lost) = city.get(&operator, "/api/v1/nothing");
        assert_eq!((status, &lost["code"]), (404, &json!("route_not_found")));
        assert_eq!(city.get(&operator, "/api/v1/locate?lon=x&lat=1").1["code"], "query_invalid");
        let auditor = city.sign_in("auditor");
        assert_eq!(city.get(&auditor, "/api/v1/cases").1["code"], "forbidden_role");
        assert_eq!(city.get(&auditor, "/api/v1/ledger/verify").1["broken"], json!([]));
    });
}

/// A worker who sees a door of today's visits, for a stated purpose; and nobody else's.
fn door_is_shown_to_its_worker_only(city: &City, place: &str) {
    let (worker, street) = (city.sign_in("worker001"), city.sign_in("steward"));
    let card = city.get(&worker, &format!("/api/v1/places/{place}/card"));
    assert_eq!(card.0, 200, "{}", card.1);
    let person = card.1["facts"]["people"][0]["id"].as_str();
    if let Some(person) = person {
        let path = format!("/api/v1/people/{person}/unmask");
        let body = json!({ "place": place });
        assert_eq!(city.call(&street, "post", &path, &body).1["code"], "purpose_required");
    }
    let other = city.get(&worker, "/api/v1/places?limit=1");
    let elsewhere = other.1["items"][0]["id"].as_str().unwrap();
    assert_eq!(city.get(&worker, &format!("/api/v1/places/{elsewhere}/card")).1["code"], "not_found");
}

#[test]
fn a_pushed_list_becomes_a_visit_that_is_verified_by_another_and_closed() {
    on_both(MIGRATIONS, |db| {
        let city = City::over(db);
        let admin = city.sign_in("admin");
        let rows = "户号,地址,统计日期\nX1,东湖花园1栋1单元101,2026-11-20\nX2,东湖花园1栋1单元999,2026-11-20\nX3,,2026-11-20\n";
        let push = || {
            let request = Request::post("/api/v1/feeds/zero-use-list/push?format=csv")
                .header(header::COOKIE, &admin.cookie)
                .header("x-csrf-token", &admin.csrf)
                .body(Body::from(rows))
                .unwrap();
            city.send(request).2
        };
        let first = push();
        assert_eq!(
            (&first["accepted"], &first["rejected_count"], &first["unmatched"]),
            (&json!(2), &json!(1), &json!(1))
        );
        assert_eq!(
            (&first["rejected"][0]["line"], &first["rejected"][0]["code"]),
            (&json!(4), &json!("value_missing"))
        );
        assert_eq!(push()["repeated"], true);
        city.settle();

        let worker = city.sign_in("worker001");
        let tasks = city.get(&worker, "/api/v1/tasks").1;
        assert_eq!(tasks.as_array().unwrap().len(), 1, "{tasks}");
        let task = &tasks[0]["task"];
        door_is_shown_to_its_worker_only(&city, task["place"].as_str().unwrap());
        let visit = json!({
            "task": task["id"], "once_key": "k", "at_ms": 1_760_000_000_000i64,
            "answers": { "occupancy": "vacant", "right_name": "109室" },
        });
        let made = city.call(&worker, "post", "/api/v1/visits", &visit);
        assert_eq!(made.0, 200, "{}", made.1);
        assert_eq!(city.call(&worker, "post", "/api/v1/visits", &visit).1["id"], made.1["id"]);
        city.settle();

        let no = task["case_no"].as_str().unwrap();
        let page = |who: &Session| city.get(who, &format!("/api/v1/cases/{no}")).1;
        let (operator, path) = (city.sign_in("operator"), format!("/api/v1/cases/{no}/advance"));
        assert_eq!(page(&operator)["case"]["state"], "visited");
        assert_eq!(
            city.call(&worker, "post", &path, &json!({ "action": "verify_pass" })).1["code"],
            "forbidden_role"
        );
        let stale = json!({ "action": "verify_pass", "version": 1 });
        let answer = city.call(&operator, "post", &path, &stale);
        assert_eq!((answer.0, &answer.1["code"]), (412, &json!("case_stale")));
        for action in ["verify_pass", "close"] {
            assert_eq!(city.call(&operator, "post", &path, &json!({ "action": action })).0, 200, "{action}");
        }
        assert_eq!(page(&operator)["case"]["state"], "closed");

        // What was found has reached the register and the steward's inbox.
        let card = city.get(&operator, &format!("/api/v1/places/{}/card", task["place"].as_str().unwrap())).1;
        assert_eq!(card["facts"]["occupancy"], "vacant");
        let steward = city.sign_in("steward");
        let inbox = city.get(&steward, "/api/v1/corrections").1;
        let tickets: Vec<&serde_json::Value> =
            inbox["items"].as_array().unwrap().iter().map(|item| &item["correction"]).collect();
        assert_eq!(tickets.len(), 2, "what the visit found, and the door that a signal asked for: {inbox}");
        let ticket = tickets.iter().find(|ticket| ticket["problem"] == "renamed").unwrap();
        assert_eq!(ticket["name"], "109室");
        let decide = format!("/api/v1/corrections/{}/decide", ticket["id"].as_str().unwrap());
        assert_eq!(city.call(&steward, "post", &decide, &json!({ "accept": true, "version": 1 })).0, 200);

        // A missing door is added: the signal that waited for it finds it and becomes work.
        let unit = city.get(&steward, "/api/v1/places/suggest?q=东湖花园1栋1单元101").1;
        let unit = unit[0]["parent"].clone();
        let missing = json!({ "parent": unit, "problem": "missing", "name": "999室" });
        let opened = city.call(&steward, "post", "/api/v1/corrections", &missing).1;
        let decide = format!("/api/v1/corrections/{}/decide", opened["id"].as_str().unwrap());
        assert_eq!(city.call(&steward, "post", &decide, &json!({ "accept": true, "version": 1 })).0, 200);
        city.settle();
        assert_eq!(city.get(&operator, "/api/v1/signals?state=unmatched").1["items"], json!([]));
        assert_eq!(city.get(&worker, "/api/v1/tasks").1.as_array().unwrap().len(), 1);
    });
}

#[test]
fn lists_reach_as_far_as_the_grant_and_no_further() {
    on_both(MIGRATIONS, |db| {
        let city = City::over(db);
        let operator = city.sign_in("operator");
        let case = json!({ "title": "路灯不亮", "category": "public.facility", "address": "东湖花园1栋" });
        let made = city.call(&operator, "post", "/api/v1/cases", &case).1;
        assert_eq!(made["located"], true, "{made}");
        let system = Ctx::system(Zone::china());
        db.write_blocking(move |tx| {
            for (login, code) in [("near", "990101001"), ("far", "990109001")] {
                let input = gridweave_access::ops::create_account::Input {
                    login: login.to_owned(),
                    name: login.to_owned(),
                    department: None,
                    password: Some("long enough".to_owned()),
                    grants: vec![Grant { role: Role::StreetStaff, division: DivisionCode::parse(code).ok() }],
                };
                gridweave_access::ops::create_account::run(tx, &system, &input)?;
            }
            Ok::<_, OpError>(())
        })
        .unwrap();
        let no = made["no"].as_str().unwrap();
        for (login, seen, status) in [("near", 1, 200), ("far", 0, 404)] {
            let who = city.sign_in(login);
            assert_eq!(city.get(&who, "/api/v1/cases").1["items"].as_array().unwrap().len(), seen, "{login}");
            assert_eq!(city.get(&who, &format!("/api/v1/cases/{no}")).0, status, "{login}");
            // Who types a whole number wants that case, whatever the queue shows; if it is theirs to see.
            for more in ["", "&state=closed", "&open=true&sort=due"] {
                let found = city.get(&who, &format!("/api/v1/cases?q={no}{more}")).1;
                assert_eq!(found["items"].as_array().unwrap().len(), seen, "{login} {more}");
                assert_eq!(found["total"], seen, "{login} {more}");
            }
            for order in ["", "?open=true", "?sort=due", "?state=established", "?overdue=false"] {
                let found = city.get(&who, &format!("/api/v1/cases{order}")).1;
                assert_eq!(found["items"].as_array().unwrap().len(), seen, "{login} {order}");
            }
            assert_eq!(city.get(&who, "/api/v1/cases?state=closed").1["total"], 0);
        }
    });
}

#[test]
fn a_dropped_file_is_taken_and_put_away_with_its_rejects_and_a_broken_one_says_why() {
    on_both(MIGRATIONS, |db| {
        let city = City::over(db);
        let folder = city.app.config.data.join("drop/zero-use-list");
        std::fs::create_dir_all(&folder).unwrap();
        let rows = "户号,地址,统计日期\nX1,东湖花园1栋1单元101,2026-11-20\nX2,,2026-11-20\n";
        std::fs::write(folder.join("day.csv"), rows).unwrap();
        std::fs::write(folder.join("broken.xlsx"), "no workbook").unwrap();
        gridweave_server::drop_folder::take_all(&city.app);
        let rejects = std::fs::read_to_string(folder.join("done/day.csv.rejects.csv")).unwrap();
        assert!(
            folder.join("done/day.csv").exists() && rejects.contains("3,地址,value_missing"),
            "{rejects}"
        );
        let reason = std::fs::read_to_string(folder.join("bad/broken.xlsx.reason.txt")).unwrap();
        assert!(reason.contains("XLSX"), "{reason}");
        city.settle();
        let worker = city.sign_in("worker001");
        assert_eq!(city.get(&worker, "/api/v1/tasks").1.as_array().unwrap().len(), 1);
    });
}

#[test]
fn a_checked_import_reports_and_writes_nothing() {
    on_both(MIGRATIONS, |db| {
        let city = City::over(db);
        let count = || db.read_blocking(gridweave_registers::queries::counts).unwrap()[0];
        let before = count();
        let text = "code,name,sex\nnew-1,王小明,male\nnew-2,,male\n".as_bytes().to_vec();
        let table = gridweave_files::read_table_from(text, gridweave_files::Format::Csv).unwrap();
        let kind = gridweave_registers::RowKind::People;
        let report = gridweave_server::import::check_register_rows(
            &city.app,
            &city.app.system,
            kind,
            &Arc::new(table),
        )
        .unwrap();
        assert_eq!((report.changed, report.rejected.len(), count()), (1, 1, before));
    });
}

#[test]
fn somebody_who_needs_help_gets_a_case_of_their_own_at_the_department() {
    on_both(MIGRATIONS, |db| {
        let city = City::over(db);
        let operator = city.sign_in("operator");
        let found = city.get(&operator, "/api/v1/places/suggest?q=东湖花园1栋1单元101").1;
        let (place, division) =
            (found[0]["id"].as_str().unwrap().to_owned(), found[0]["division"].as_i64().unwrap());
        let system = Ctx::system(Zone::china());
        // The same event twice, as a job that is run again would see it.
        for _ in 0..2 {
            let (system, place) = (system.clone(), place.clone());
            db.write_blocking(move |tx| {
                let event = Event::VisitClosed {
                    visit: "v".into(),
                    task: "t".into(),
                    case: "none".into(),
                    place: Some(place.as_str().into()),
                    by: "nobody".into(),
                    findings: vec![Finding::Care { outcome: "needs_help".to_owned() }],
                    summary: String::new(),
                    division,
                };
                gridweave_jobs::emit(tx, &system, &event)
            })
            .unwrap();
            city.settle();
        }
        let cases = city.get(&operator, "/api/v1/cases?category=care.help-needed").1;
        assert_eq!(cases["total"], 1, "{cases}");
        let case = &cases["items"][0];
        assert_eq!(
            (&case["state"], &case["urgency"], &case["handler"]["id"]),
            (&json!("dispatched"), &json!("urgent"), &json!("civil-affairs"))
        );
        assert!(!case["short_address"].as_str().unwrap().contains("社区"), "{case}");
    });
}
