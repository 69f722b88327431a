//! Readings pushed to the server: cut off at any byte and sent again, in pieces, compressed.

use anyhow::Context;
use gridweave_e2e::{Client, Server, run};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;

const DAYS: u32 = 70;
const METERS: u32 = 200;

/// Readings of meters of their own; one of ten is silent from the fortieth day on.
fn readings(name: &str) -> String {
    let mut rows = String::from("meter,time,value,address\n");
    for day in 0..DAYS {
        for meter in 0..METERS {
            let wobble = f64::from((meter * 7919 + day * 104_729) % 97) / 97.0 - 0.5;
            let used = if meter % 10 == 3 && day >= 40 { 0.0 } else { 0.3 * (1.0 + 0.4 * wobble) };
            let (month, of_month) = (day / 28 + 1, day % 28 + 1);
            rows.push_str(&format!("{name}{meter},2026-{month:02}-{of_month:02},{used:.3},\n"));
        }
    }
    rows.push_str("bad,yesterday,1,\n");
    rows
}

fn made(answer: &Value) -> [Option<u64>; 3] {
    ["accepted", "signals", "rejected_count"].map(|count| answer[count].as_u64())
}

/// Begins to send a push and hangs up in the middle.
fn cut_off(url: &str, key: &str, body: &[u8], at: usize) -> anyhow::Result<()> {
    let host = url.strip_prefix("http://").context("no http")?;
    let mut line = TcpStream::connect(host)?;
    write!(
        line,
        "POST /api/v1/feeds/water-daily/push HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {}\r\ncontent-length: {}\r\n\r\n",
        key.trim(),
        body.len()
    )?;
    line.write_all(&body[..at])?;
    line.shutdown(std::net::Shutdown::Write)?;
    // Whatever it says, it says that nothing was taken.
    let mut said = String::new();
    line.read_to_string(&mut said)?;
    anyhow::ensure!(!said.contains("200 OK"), "{said}");
    Ok(())
}

fn keep_house(data: &Path) -> anyhow::Result<String> {
    let shown = data.display().to_string();
    run(&["city", "simulate", "--households", "300", "--days", "3", "--data", &shown])?;
    let account = ["account", "create", "--login", "feed", "--name", "对接", "--role", "integrator"];
    run(&[&account[..], &["--data", &shown]].concat())
}

#[test]
fn a_push_that_is_cut_off_anywhere_and_sent_again_is_taken_once() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("data");
    let key = keep_house(&data)?;
    let server = Server::start(&data, None)?;
    let feed = Client::with_key(&server.url, &key);
    let body = readings("A");
    for at in [0, 1, body.len() / 3, body.len() / 2, body.len() - 1] {
        cut_off(&server.url, &key, body.as_bytes(), at)?;
    }
    let path = "/api/v1/feeds/water-daily/push";
    let (status, whole) = feed.post_bytes(path, body.as_bytes(), "")?;
    assert_eq!((status, made(&whole)), (200, [Some(14_000), Some(20), Some(1)]), "{whole}");
    assert_eq!(whole["rejected"][0]["code"], "time_invalid");
    let (_, again) = feed.post_bytes(path, body.as_bytes(), "")?;
    assert_eq!((&again["repeated"], made(&again)), (&json!(true), made(&whole)));

    // The same of other meters, in pieces: one comes twice, one is cut off.
    let body = readings("B").into_bytes();
    let (status, begun) = feed.post("/api/v1/feeds/water-daily/uploads", &json!({}), "")?;
    assert_eq!(status, 200, "{begun}");
    let upload = format!("/api/v1/feeds/water-daily/uploads/{}", begun["id"].as_str().context("no id")?);
    let third = body.len() / 3;
    for (from, until) in [(0, third), (third / 2, third), (third, 2 * third), (2 * third, body.len())] {
        let (status, said) = feed.patch_bytes(&format!("{upload}?offset={from}"), &body[from..until])?;
        assert_eq!((status, said["received"].as_u64()), (200, Some(until as u64)), "{said}");
        assert_eq!(feed.get(&upload)?.1["received"].as_u64(), Some(until as u64));
    }
    let (status, said) = feed.patch_bytes(&format!("{upload}?offset={}", body.len() + 1), b"x")?;
    assert!(status == 422 && said["code"] == "query_invalid", "{status} {said}");
    let (status, pieces) = feed.post(&format!("{upload}/push"), &json!({}), "")?;
    assert_eq!((status, made(&pieces)), (200, made(&whole)), "{pieces}");
    assert_eq!(feed.get(&upload)?.0, 404);
    assert_eq!(feed.get("/api/v1/feeds/water-daily/uploads/..%2F..")?.0, 404);

    // Meters go on where they were, also in a server that was started anew.
    drop(server);
    let server = Server::start(&data, None)?;
    let feed = Client::with_key(&server.url, &key);
    let tomorrow = "meter,time,value\nA3,2026-03-15,0\nA3,2026-03-16,0.3\nA3,2026-03-17,0.3\n";
    let (status, next) = feed.post_bytes(path, tomorrow.as_bytes(), "")?;
    assert_eq!((status, made(&next)), (200, [Some(3), Some(1), Some(0)]), "{next}");
    let (status, said) = feed.post_bytes(path, b"a,b\n1,2\n", "")?;
    assert!(status == 422 && said["code"] == "file_invalid", "{status} {said}");
    Ok(())
}
