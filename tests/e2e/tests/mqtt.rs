//! Readings as messages of a real broker (Mosquitto, with passwords and TLS): the server is killed in the middle, the
//! broker is started anew, and every message is taken once.

use anyhow::{Context, bail};
use gridweave_e2e::{Client, Server, run};
use rumqttc::{Event, MqttOptions, Packet, QoS};
use serde_json::{Value, json};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const DAYS: u32 = 70;
const METERS: u32 = 200;
const PASSWORD: &str = "p@ss/word";

/// A broker of the test's own; killed with this value.
struct Broker {
    child: Child,
    folder: PathBuf,
    plain: u16,
    tls: u16,
}

/// Debian keeps it among the system's programs, which are not in everybody's path.
fn program(name: &str) -> anyhow::Result<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(["/usr/sbin".into(), "/usr/bin".into()]);
    let found = folders.map(|folder| folder.join(name)).find(|path| path.is_file());
    found.with_context(|| format!("{name} is not installed; cargo xtask test installs it"))
}

/// Until another program has gone on; nothing of it can be waited for.
#[expect(clippy::disallowed_methods)]
fn pause() {
    std::thread::sleep(Duration::from_millis(100));
}

fn silent(command: &mut Command) -> anyhow::Result<()> {
    let out = command.stdin(Stdio::null()).output()?;
    anyhow::ensure!(out.status.success(), "{command:?}: {}", String::from_utf8_lossy(&out.stderr));
    Ok(())
}

fn free_port() -> anyhow::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

impl Broker {
    fn start(folder: &Path) -> anyhow::Result<Self> {
        certificates(folder)?;
        let passwords = folder.join("passwords");
        silent(
            Command::new(program("mosquitto_passwd")?)
                .arg("-b")
                .arg("-c")
                .arg(&passwords)
                .args(["feed", PASSWORD]),
        )?;
        let (plain, tls) = (free_port()?, free_port()?);
        let at = |name: &str| folder.join(name).display().to_string();
        let user = String::from_utf8(Command::new("id").arg("-un").output()?.stdout)?;
        // As root Mosquitto would become another user, who may not read the folder.
        let settings = format!(
            "user {}\nallow_anonymous false\npassword_file {}\npersistence true\npersistence_location {}/\n\
             autosave_interval 1\nmax_queued_messages 100000\nlistener {plain} 127.0.0.1\nlistener {tls} 127.0.0.1\n\
             certfile {}\nkeyfile {}\n",
            user.trim(),
            passwords.display(),
            folder.display(),
            at("server.pem"),
            at("server.key"),
        );
        std::fs::write(folder.join("mosquitto.conf"), settings)?;
        let child = Self::spawn(folder, plain)?;
        Ok(Self { child, folder: folder.to_owned(), plain, tls })
    }

    fn spawn(folder: &Path, port: u16) -> anyhow::Result<Child> {
        let log = std::fs::File::create(folder.join("log"))?;
        let mut command = Command::new(program("mosquitto")?);
        command.arg("-c").arg(folder.join("mosquitto.conf")).stdout(Stdio::null()).stderr(log);
        let child = command.spawn()?;
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            if begun.elapsed() > Duration::from_secs(20) {
                bail!("the broker did not start: {}", std::fs::read_to_string(folder.join("log"))?);
            }
            pause();
        }
        Ok(child)
    }

    /// Ends it as an operator would, so that it writes what it keeps, and starts it again.
    fn restart(&mut self) -> anyhow::Result<()> {
        silent(Command::new("kill").arg(self.child.id().to_string()))?;
        self.child.wait()?;
        self.child = Self::spawn(&self.folder, self.plain)?;
        Ok(())
    }

    /// Sends messages, and waits until the broker has them all.
    fn publish(&self, messages: &[(String, Vec<u8>)]) -> anyhow::Result<()> {
        let mut options = MqttOptions::new("sender", "127.0.0.1", self.plain);
        options.set_credentials("feed", PASSWORD).set_max_packet_size(1 << 24, 1 << 24);
        let (client, mut events) = rumqttc::Client::new(options, messages.len() + 10);
        for (topic, payload) in messages {
            client.publish(topic, QoS::AtLeastOnce, false, payload.as_slice())?;
        }
        let mut missing = messages.len();
        for event in events.iter() {
            missing -= usize::from(matches!(event?, Event::Incoming(Packet::PubAck(_))));
            if missing == 0 {
                return Ok(());
            }
        }
        bail!("the broker is gone")
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An authority of the test's own, and the broker's certificate by it.
fn certificates(folder: &Path) -> anyhow::Result<()> {
    let openssl =
        |arguments: &[&str]| silent(Command::new(program("openssl")?).args(arguments).current_dir(folder));
    let key = ["-newkey", "rsa:2048", "-nodes", "-days", "2"];
    let ca = ["req", "-x509", "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=test authority"];
    openssl(&[&ca[..], &key].concat())?;
    std::fs::write(folder.join("names"), "subjectAltName=DNS:localhost,IP:127.0.0.1\n")?;
    let request = ["req", "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=localhost"];
    openssl(&[&request[..], &key].concat())?;
    openssl(&[
        "x509",
        "-req",
        "-in",
        "server.csr",
        "-CA",
        "ca.pem",
        "-CAkey",
        "ca.key",
        "-CAcreateserial",
        "-days",
        "2",
        "-extfile",
        "names",
        "-out",
        "server.pem",
    ])
}

fn value(meter: u32, day: u32) -> f64 {
    let wobble = f64::from((meter * 7919 + day * 104_729) % 97) / 97.0 - 0.5;
    if meter % 10 == 3 && day >= 40 { 0.0 } else { 0.3 * (1.0 + 0.4 * wobble) }
}

fn date(day: u32) -> String {
    format!("2026-{:02}-{:02}", day / 28 + 1, day % 28 + 1)
}

/// A day's readings: as one message of CSV, or as one of JSON for each meter.
fn of_day(day: u32) -> Vec<(String, Vec<u8>)> {
    if day < 60 {
        let rows: String =
            (0..METERS).map(|meter| format!("M{meter},{},{:.3}\n", date(day), value(meter, day))).collect();
        return vec![(
            "gridweave/water-daily/all".to_owned(),
            format!("meter,time,value\n{rows}").into_bytes(),
        )];
    }
    let message = |meter| {
        let body = json!({ "time": date(day), "value": value(meter, day), "phone": "not asked for" });
        (format!("gridweave/water-daily/M{meter}"), body.to_string().into_bytes())
    };
    (0..METERS).map(message).collect()
}

/// The server's word on the feed, once it says what is waited for.
fn feed(client: &Client, what: &str, until: impl Fn(&Value) -> bool) -> anyhow::Result<Value> {
    let begun = Instant::now();
    loop {
        let (_, feeds) = client.get("/api/v1/feeds")?;
        let all = feeds.as_array().context("no feeds")?;
        let own = all.iter().find(|view| view["feed"]["name"] == "water-daily").context("no feed")?;
        if until(own) {
            return Ok(own.clone());
        }
        if begun.elapsed() > Duration::from_secs(90) {
            bail!("{what}: {own}");
        }
        pause();
    }
}

fn start(data: &Path, address: &str, ca: Option<&Path>) -> anyhow::Result<(Server, Client)> {
    let mut settings = vec![("GRIDWEAVE_MQTT", address.to_owned())];
    if let Some(ca) = ca {
        settings.push(("GRIDWEAVE_MQTT_CA", ca.display().to_string()));
    }
    let server = Server::start_with(data, &settings)?;
    let client = Client::signed_in(&server.url, "operator")?;
    Ok((server, client))
}

fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    entries.filter(|path| path.to_string_lossy().ends_with(ending)).collect()
}

#[test]
fn messages_are_taken_once_though_server_and_broker_go_away() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("data");
    run(&["city", "simulate", "--households", "300", "--days", "3", "--data", &data.display().to_string()])?;
    let mut broker = Broker::start(folder.path())?;
    let plain = format!("mqtt://feed:p%40ss%2Fword@127.0.0.1:{}", broker.plain);
    let secure = format!("mqtts://feed:p%40ss%2Fword@localhost:{}", broker.tls);
    let authority = folder.path().join("ca.pem");
    let connected = |view: &Value| view["mqtt"]["connected_since_ms"].is_i64();

    // By TLS; killed while days come, which then wait at the broker.
    let (server, client) = start(&data, &secure, Some(&authority))?;
    feed(&client, "connected", connected)?;
    broker.publish(&(0..30).flat_map(of_day).collect::<Vec<_>>())?;
    feed(&client, "the first messages", |view| view["mqtt"]["messages"].as_u64() >= Some(1))?;
    server.kill();
    broker.publish(&(30..61).flat_map(of_day).collect::<Vec<_>>())?;
    let (_server, client) = start(&data, &plain, None)?;
    feed(&client, "connected again", connected)?;

    // The broker goes and comes back.
    broker.restart()?;
    broker.publish(&(61..DAYS).flat_map(of_day).collect::<Vec<_>>())?;
    broker.publish(&[("gridweave/water-daily/M7".to_owned(), b"no reading".to_vec())])?;
    let spool = data.join("mqtt/water-daily");
    feed(&client, "everything is taken", |view| {
        let empty = files(&spool, ".jsonl").is_empty() && files(&spool, ".part").is_empty();
        empty && !files(&spool.join("done"), ".rejects.csv").is_empty() && connected(view)
    })?;
    let rejects = std::fs::read_to_string(&files(&spool.join("done"), ".rejects.csv")[0])?;
    assert!(rejects.contains("gridweave/water-daily/M7: no reading"), "{rejects}");
    assert!(files(&spool.join("bad"), "").is_empty());

    // They say what the same readings pushed as a file say of other meters.
    let mut rows = String::from("meter,time,value\n");
    for day in 0..DAYS {
        rows.extend((0..METERS).map(|meter| format!("P{meter},{},{:.3}\n", date(day), value(meter, day))));
    }
    let account = ["account", "create", "--login", "feed", "--name", "对接", "--role", "integrator"];
    let key = run(&[&account[..], &["--data", &data.display().to_string()]].concat())?;
    let (status, said) = Client::with_key(&client.url, &key).post_bytes(
        "/api/v1/feeds/water-daily/push",
        rows.as_bytes(),
        "",
    )?;
    assert_eq!(status, 200, "{said}");
    let (_, list) = client.get("/api/v1/signals?state=unmatched&limit=200")?;
    let found = |letter: &str| {
        let all = list["items"].as_array().into_iter().flatten();
        let mut own: Vec<(String, Value, Value)> = all
            .filter_map(|signal| {
                let meter = signal["subject"].as_str()?.strip_prefix(letter)?;
                Some((meter.to_owned(), signal["kind"].clone(), signal["since"].clone()))
            })
            .collect();
        own.sort_by_key(|(meter, ..)| meter.clone());
        own
    };
    assert_eq!(found("M").len(), 20);
    assert_eq!(found("M"), found("P"));
    Ok(())
}

#[test]
fn a_wrong_password_is_told_and_a_wrong_address_ends_the_start() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("data");
    run(&["city", "simulate", "--households", "300", "--days", "3", "--data", &data.display().to_string()])?;
    let broker = Broker::start(folder.path())?;
    let (_server, client) = start(&data, &format!("mqtt://feed:wrong@127.0.0.1:{}", broker.plain), None)?;
    let told = feed(&client, "an error", |view| view["mqtt"]["error"].is_string())?;
    assert!(told["mqtt"]["connected_since_ms"].is_null(), "{told}");
    let error = start(&data, "broker.example", None).err().context("it should not start")?;
    assert!(error.to_string().contains("did not start"), "{error}");
    Ok(())
}
