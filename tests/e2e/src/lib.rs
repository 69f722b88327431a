//! Starts the real program as a user would, and talks to it.

use anyhow::{Context, bail};
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// The built program, beside the test that runs.
pub fn binary() -> anyhow::Result<PathBuf> {
    let test = std::env::current_exe()?;
    let folder = test.parent().and_then(Path::parent).context("a test lies in target/*/deps")?;
    let path = folder.join("gridweave");
    anyhow::ensure!(path.exists(), "{} is missing: run cargo build --workspace first", path.display());
    Ok(path)
}

/// Runs a command of the program to its end; gives what it printed.
pub fn run(arguments: &[&str]) -> anyhow::Result<String> {
    let output = Command::new(binary()?).args(arguments).output()?;
    if !output.status.success() {
        bail!("gridweave {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// Runs a call that must fail: its exit code and what it said.
pub fn fails(arguments: &[&str]) -> anyhow::Result<(i32, String)> {
    let output = Command::new(binary()?).args(arguments).output()?;
    if output.status.success() {
        bail!("gridweave {arguments:?} should have failed");
    }
    Ok((output.status.code().unwrap_or(-1), String::from_utf8(output.stderr)?))
}

/// A running server; killed with this value.
pub struct Server {
    child: Child,
    /// `http://127.0.0.1:PORT`.
    pub url: String,
}

impl Server {
    /// Starts a server on a free port.
    pub fn start(data: &Path, database: Option<&str>) -> anyhow::Result<Self> {
        let database = database.map(|url| ("GRIDWEAVE_DATABASE", url.to_owned()));
        Self::start_with(data, database.as_slice())
    }

    /// The same with settings (`GRIDWEAVE_…`).
    pub fn start_with(data: &Path, settings: &[(&str, String)]) -> anyhow::Result<Self> {
        let mut command = Command::new(binary()?);
        command.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(data);
        command.env("GRIDWEAVE_DEMO", "true").env("GRIDWEAVE_SECURE_COOKIES", "false");
        command.envs(settings.iter().map(|(name, value)| (*name, value.as_str())));
        Self::spawn(command)
    }

    /// Serves files as tiles on a free port, a layer each.
    pub fn of_files(layers: &[&str]) -> anyhow::Result<Self> {
        let mut command = Command::new(binary()?);
        command.args(["tiles", "serve", "--listen", "127.0.0.1:0"]);
        for layer in layers {
            command.args(["--layer", layer]);
        }
        Self::spawn(command)
    }

    fn spawn(mut command: Command) -> anyhow::Result<Self> {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
        let mut line = String::new();
        let out = child.stdout.take().context("the server's output")?;
        BufReader::new(out).read_line(&mut line)?;
        let told = line.trim().rsplit(' ').next().unwrap_or_default();
        let url = told.split("/tiles/").next().unwrap_or_default().to_owned();
        anyhow::ensure!(url.starts_with("http"), "the server did not start: {line:?}");
        Ok(Self { child, url })
    }

    /// `kill -9`.
    pub fn kill(mut self) {
        // A process that has gone already is what we want.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A client with a session or a key.
#[derive(Clone)]
pub struct Client {
    agent: ureq::Agent,
    /// The server's address.
    pub url: String,
    headers: Vec<(String, String)>,
}

impl Client {
    /// A client with a program's key.
    pub fn with_key(url: &str, key: &str) -> Self {
        let agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
        Self {
            agent,
            url: url.to_owned(),
            headers: vec![("authorization".into(), format!("Bearer {}", key.trim()))],
        }
    }

    /// Signs in by the demonstration's one click.
    pub fn signed_in(url: &str, login: &str) -> anyhow::Result<Self> {
        let mut client = Self::with_key(url, "");
        client.headers.clear();
        let request = serde_json::json!({ "login": login, "password": "gridweave-demo" });
        let mut response = client.agent.post(format!("{url}/api/v1/session")).send_json(&request)?;
        let cookie = response.headers().get("set-cookie").context("no cookie")?.to_str()?;
        let cookie = cookie.split(';').next().unwrap_or_default().to_owned();
        let me: Value = response.body_mut().read_json()?;
        client.headers.push(("cookie".into(), cookie));
        client.headers.push(("x-csrf-token".into(), me["csrf"].as_str().unwrap_or_default().to_owned()));
        Ok(client)
    }

    /// GET; status and body, null where it is no JSON.
    pub fn get(&self, path: &str) -> anyhow::Result<(u16, Value)> {
        let mut request = self.agent.get(format!("{}{path}", self.url));
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let mut response = request.call()?;
        let body = response.body_mut().read_to_vec()?;
        Ok((response.status().as_u16(), serde_json::from_slice(&body).unwrap_or(Value::Null)))
    }

    /// POST of JSON with an idempotency key; status and body.
    pub fn post(&self, path: &str, body: &Value, key: &str) -> anyhow::Result<(u16, Value)> {
        self.post_bytes(path, body.to_string().as_bytes(), key)
    }

    /// POST of any bytes; status and body.
    pub fn post_bytes(&self, path: &str, body: &[u8], key: &str) -> anyhow::Result<(u16, Value)> {
        let mut request = self.agent.post(format!("{}{path}", self.url)).header("idempotency-key", key);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let mut response = request.send(body)?;
        let text = response.body_mut().read_to_string()?;
        Ok((response.status().as_u16(), serde_json::from_str(&text).unwrap_or(Value::Null)))
    }

    /// PATCH of any bytes; status and body.
    pub fn patch_bytes(&self, path: &str, body: &[u8]) -> anyhow::Result<(u16, Value)> {
        let mut request = self.agent.patch(format!("{}{path}", self.url));
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let mut response = request.send(body)?;
        let text = response.body_mut().read_to_string()?;
        Ok((response.status().as_u16(), serde_json::from_str(&text).unwrap_or(Value::Null)))
    }

    /// Opens the live stream and hands over its lines until `until` is true.
    pub fn stream_until(&self, mut until: impl FnMut(&str) -> bool) -> anyhow::Result<()> {
        let mut request = self.agent.get(format!("{}/api/v1/stream", self.url));
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let response = request.call()?;
        for line in BufReader::new(response.into_body().into_reader()).lines() {
            if until(&line?) {
                return Ok(());
            }
        }
        bail!("the stream ended")
    }
}
