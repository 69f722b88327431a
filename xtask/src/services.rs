//! What the tests need beside Rust and Node: a PostgreSQL server of their own, and Chromium.

use crate::run::{step, target, to_end};
use anyhow::{Context, bail};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A PostgreSQL server of the tests' own, in `target/`; ends with this value.
pub struct Postgres {
    bin: PathBuf,
    data: PathBuf,
    /// Its address.
    pub url: String,
    as_user: Option<&'static str>,
}

fn found(names: &[&str]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    names
        .iter()
        .flat_map(|name| std::env::split_paths(&path).map(move |dir| dir.join(name)))
        .find(|p| p.is_file())
}

/// Debian keeps the server's programs out of the path, below a folder of the version.
fn postgres_bin() -> Option<PathBuf> {
    let mut versions: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path().join("bin"))
        .filter(|bin| bin.join("initdb").is_file())
        .collect();
    versions.sort();
    versions.pop().or_else(|| found(&["initdb"]).and_then(|path| path.parent().map(Path::to_owned)))
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|out| out.stdout.starts_with(b"0\n"))
}

/// Installs Debian packages, or says what to do where that may not be.
fn install(packages: &[&str]) -> anyhow::Result<()> {
    let help = format!("please install them yourself, then run this again: {}", packages.join(" "));
    if found(&["apt-get"]).is_none() {
        bail!("packages are missing and there is no apt-get here; {help}");
    }
    if !is_root() {
        bail!("packages are missing and installing needs root; {help} (sudo apt-get install …)");
    }
    step(&format!("install {}", packages.join(" ")));
    let apt = |arguments: &[&str]| {
        let mut command = Command::new("apt-get");
        command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive").stdout(Stdio::null());
        to_end(command)
    };
    apt(&["update", "-q"]).context(help.clone())?;
    let mut all = vec!["install", "-y", "-q", "--no-install-recommends"];
    all.extend(packages);
    apt(&all).context(help)
}

/// Makes sure that PostgreSQL, GDAL, Mosquitto, OpenSSL, Python, and with `browser` Chromium with Chinese letters, are there.
pub fn ensure(browser: bool) -> anyhow::Result<()> {
    let mut missing = Vec::new();
    if postgres_bin().is_none() {
        missing.push("postgresql");
    }
    if found(&["ogr2ogr"]).is_none() {
        missing.push("gdal-bin");
    }
    // Debian keeps it among the system's programs, which are not in everybody's path.
    if found(&["mosquitto"]).is_none() && !Path::new("/usr/sbin/mosquitto").is_file() {
        missing.push("mosquitto");
    }
    if found(&["openssl"]).is_none() {
        missing.push("openssl");
    }
    let python =
        Command::new("python3").args(["-c", "import ensurepip, venv"]).stderr(Stdio::null()).status();
    if !python.is_ok_and(|status| status.success()) {
        missing.push("python3-venv");
    }
    if browser && chromium().is_none() {
        missing.extend(["chromium", "fonts-noto-cjk"]);
    }
    if missing.is_empty() { Ok(()) } else { install(&missing) }
}

/// Makes sure that PostGIS and the load generator wrk are there.
pub fn ensure_postgis() -> anyhow::Result<()> {
    let bin = postgres_bin();
    let version = bin.as_ref().and_then(|bin| bin.parent()?.file_name()?.to_str()).unwrap_or("15");
    let extension = PathBuf::from(format!("/usr/share/postgresql/{version}/extension/postgis.control"));
    let mut missing = Vec::new();
    let package = format!("postgresql-{version}-postgis-3");
    if bin.is_none() || !extension.is_file() {
        missing.extend(["postgresql", package.as_str()]);
    }
    if found(&["wrk"]).is_none() {
        missing.push("wrk");
    }
    if missing.is_empty() { Ok(()) } else { install(&missing) }
}

/// A Python of a folder's own below the target folder, with the packages of a list; they are installed when the
/// list has changed.
pub fn python(folder: &str, requirements: &Path) -> anyhow::Result<PathBuf> {
    let folder = target().join(folder);
    let python = folder.join("bin/python");
    let wanted = std::fs::read_to_string(requirements).with_context(|| requirements.display().to_string())?;
    let stamp = folder.join(format!("{}.txt", requirements_name(requirements)));
    if python.exists() && std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(python);
    }
    step(&format!("Python packages of {}", requirements.display()));
    if !python.exists() {
        let mut make = Command::new("python3");
        make.args(["-m", "venv"]).arg(&folder);
        to_end(make).context("Python 3 with venv is needed")?;
    }
    let mut install = Command::new(&python);
    install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"]);
    install.arg(requirements);
    to_end(install)?;
    std::fs::write(stamp, wanted)?;
    Ok(python)
}

/// The folder that a list of packages lies in.
fn requirements_name(requirements: &Path) -> String {
    let folder = requirements.parent().and_then(Path::file_name);
    folder.map_or_else(|| "packages".to_owned(), |name| name.to_string_lossy().into_owned())
}

/// Where Chromium is.
pub fn chromium() -> Option<PathBuf> {
    found(&["chromium", "chromium-browser", "google-chrome"])
}

impl Postgres {
    /// Makes a fresh cluster and starts it on a port of its own.
    pub fn start() -> anyhow::Result<Self> {
        Self::start_with("-c fsync=off -c max_connections=400")
    }

    /// The same with settings of one's own (`-c name=value …`).
    pub fn start_with(settings: &str) -> anyhow::Result<Self> {
        let bin = postgres_bin().context("PostgreSQL is not installed")?;
        // PostgreSQL refuses to run as root; its own account stands ready where Debian installed it.
        let as_user = is_root().then_some("postgres");
        let folder = match as_user {
            // The account must be able to reach the folder, which a home below root's does not allow.
            Some(_) => std::env::temp_dir().join(format!("gridweave-pg-{}", std::process::id())),
            None => target().join("postgres"),
        };
        let data = folder.join("data");
        if folder.exists() {
            std::fs::remove_dir_all(&folder).with_context(|| folder.display().to_string())?;
        }
        std::fs::create_dir_all(&folder)?;
        if let Some(user) = as_user {
            let mut chown = Command::new("chown");
            chown.arg(user).arg(&folder);
            to_end(chown)?;
        }
        let port = free_port()?;
        let this =
            Self { bin, data, url: format!("postgres://gridweave@127.0.0.1:{port}/postgres"), as_user };
        let data = this.data.display().to_string();
        step("PostgreSQL for the tests");
        to_end(this.command(
            "initdb",
            &["-D", &data, "-U", "gridweave", "-A", "trust", "-E", "UTF8", "--no-sync", "--no-locale"],
        ))?;
        let options =
            format!("-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' {settings}");
        let log = folder.join("log").display().to_string();
        to_end(this.command("pg_ctl", &["-D", &data, "-w", "-l", &log, "-o", &options, "start"]))?;
        Ok(this)
    }

    fn command(&self, name: &str, arguments: &[&str]) -> Command {
        let program = self.bin.join(name);
        let mut command = match self.as_user {
            Some(user) => {
                let mut command = Command::new("setpriv");
                command.args(["--reuid", user, "--regid", user, "--init-groups"]).arg(program);
                command
            }
            None => Command::new(program),
        };
        command.args(arguments).current_dir("/").stdout(Stdio::null());
        command
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let data = self.data.display().to_string();
        // The server may be gone already; the folder goes either way.
        let _ = self.command("pg_ctl", &["-D", &data, "-m", "immediate", "stop"]).status();
        if let Some(folder) = self.data.parent() {
            let _ = std::fs::remove_dir_all(folder);
        }
    }
}

fn free_port() -> anyhow::Result<u16> {
    Ok(std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}
