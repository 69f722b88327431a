//! `gridweave serve` and `gridweave config`.

use crate::WrongCall;
use crate::args::{ConfigCommand, Settings};
use anyhow::Context;
use gridweave_server::catalogues::Catalogues;
use gridweave_server::{App, Config, http};
use std::process::ExitCode;

/// The configuration of a call: flags over environment over file over default.
pub fn configuration(settings: &Settings) -> anyhow::Result<Config> {
    // Variables that only this program's own commands read are no settings.
    let environment = std::env::vars().filter(|(name, _)| name != "GRIDWEAVE_PASSWORD");
    let mut config =
        Config::load(settings.config.as_deref(), environment).map_err(|e| WrongCall(e.to_string()))?;
    if let Some(data) = &settings.data {
        config.data.clone_from(data);
    }
    if let Some(listen) = &settings.listen {
        config.listen.clone_from(listen);
    }
    config.database = settings.database.clone().or(config.database);
    Ok(config)
}

/// Checks and prints the configuration.
pub fn config(settings: &Settings, what: ConfigCommand) -> anyhow::Result<ExitCode> {
    let ConfigCommand::Check = what;
    let config = configuration(settings)?;
    Catalogues::load(config.catalogues.as_deref()).map_err(|e| WrongCall(e.to_string()))?;
    if settings.json {
        println!("{}", serde_json::to_string(&config)?);
    } else {
        print!("{}", toml::to_string(&config)?);
        eprintln!("configuration and catalogues are right");
    }
    Ok(ExitCode::SUCCESS)
}

fn start_log(config: &Config) {
    let builder = tracing_subscriber::fmt().with_writer(std::io::stderr).with_max_level(tracing::Level::INFO);
    // A second subscriber in one process is refused; the first one stays.
    let _ = match config.log.as_str() {
        "json" => builder.json().try_init(),
        _ => builder.compact().try_init(),
    };
}

/// Serves until the process is told to end.
pub fn serve(settings: &Settings) -> anyhow::Result<ExitCode> {
    let config = configuration(settings)?;
    start_log(&config);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async move {
        let listener = tokio::net::TcpListener::bind(&config.listen).await.with_context(|| {
            format!("cannot listen on {}; is another server running there?", config.listen)
        })?;
        let address = listener.local_addr()?;
        let app = tokio::task::spawn_blocking(move || App::open(config)).await??;
        app.db.listen();
        tokio::spawn(app.runner().run_forever());
        gridweave_server::mqtt::watch(&app).map_err(|error| WrongCall(error.to_string()))?;
        gridweave_server::drop_folder::watch(&app);
        gridweave_server::library_files::watch(&app);
        // Scripts and tests read this line to learn the port.
        println!("gridweave listens on http://{address}");
        http::run(listener, app, ended()).await?;
        Ok(ExitCode::SUCCESS)
    })
}

/// Resolves when the process is told to end.
pub async fn ended() {
    let interrupted = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        let terminated = async {
            match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
                Ok(mut signal) => drop(signal.recv().await),
                Err(_) => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = interrupted => {}
            () = terminated => {}
        }
    }
    #[cfg(not(unix))]
    let _ = interrupted.await;
}
