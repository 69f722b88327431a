//! Feeds that arrive as messages of the city's MQTT broker.
//!
//! ```text
//! broker ─► rows of JSON in mqtt/<feed>/open.part ─► fsync ─► acknowledged
//!                        └─ quiet, old or large ─► mqtt/<feed>/TIME.jsonl ─► pushed as any file ─► removed
//! ```
//!
//! A message is acknowledged when its rows are on the disk, and a file is removed when they are in the database: a crash
//! anywhere loses none, and what the broker then sends again is the same day of the same meter. While files
//! cannot be taken no more messages are asked for: they wait at the broker, which keeps our session.

mod broker;
mod message;
mod spool;

pub use broker::{BadBroker, shown};
pub use spool::waiting;

use crate::assembly::App;
use gridweave_core::TimeMs;
use gridweave_signals::{Feed, topic::Topic};
use rumqttc::{AsyncClient, Event, Packet, Publish, QoS, SubscribeReasonCode};
use spool::Spool;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// Messages that are written together.
const TOGETHER: usize = 4096;
/// There are no more packet identifiers than these: so many acknowledgements never wait.
const ACKS_MOST: usize = 1 << 16;
/// With so many files of a feed waiting, no more is asked for.
const WAITING_MOST: usize = 32;
/// Pauses before the broker is tried again.
const PAUSES: std::ops::RangeInclusive<u64> = 1..=60;

/// How the connection does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// Since when it is there; none while it is not.
    pub connected_since_ms: Option<i64>,
    /// Why it is not, or what a subscription was refused for.
    pub error: Option<String>,
    /// Messages since the start, by feed.
    pub messages: HashMap<String, u64>,
}

/// The same, shared.
#[derive(Clone, Default)]
pub struct Mqtt(Arc<Mutex<Status>>);

impl Mqtt {
    /// As it is now.
    pub fn status(&self) -> Status {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, change: impl FnOnce(&mut Status)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

/// The folder of a feed's messages.
pub fn folder(app: &App, feed: &Feed) -> PathBuf {
    app.config.data.join("mqtt").join(&feed.name)
}

/// Why the connection ended.
#[derive(Debug, thiserror::Error)]
enum Ended {
    #[error("{0}")]
    Broker(#[from] rumqttc::ConnectionError),
    #[error("messages cannot be kept: {0}")]
    Spool(#[from] std::io::Error),
    #[error("{0}")]
    Gone(&'static str),
}

/// A feed that listens.
struct Listener {
    feed: Feed,
    topic: Topic,
    spool: Spool,
}

/// Listens for as long as the server lives, where a broker is set. A wrong address is an error at once.
pub fn watch(app: &App) -> Result<(), BadBroker> {
    let Some(address) = app.config.mqtt.clone() else { return Ok(()) };
    let options = broker::options(&app.config, &address)?;
    let mut listeners = listeners_of(app)?;
    if listeners.is_empty() {
        tracing::warn!("a broker is set, but no feed declares a topic");
        return Ok(());
    }
    let app = app.clone();
    tokio::spawn(async move {
        let mut pause = *PAUSES.start();
        loop {
            // They are gone with a writer that failed for good.
            if listeners.is_empty() {
                listeners = listeners_of(&app).unwrap_or_default();
            }
            let begun = Instant::now();
            let ended = connection(&app, options.clone(), &mut listeners).await;
            // A connection that lasted was a good one.
            if begun.elapsed() > Duration::from_secs(*PAUSES.end()) {
                pause = *PAUSES.start();
            }
            if let Err(error) = ended {
                tracing::warn!(error = %error, pause, "the broker is tried again after a pause");
                app.mqtt.set(|status| {
                    status.connected_since_ms = None;
                    status.error = Some(error.to_string());
                });
            }
            tokio::time::sleep(Duration::from_secs(pause)).await;
            pause = (pause * 2).min(*PAUSES.end());
        }
    });
    Ok(())
}

/// The feeds that declare a topic, with their files.
fn listeners_of(app: &App) -> Result<Vec<Listener>, BadBroker> {
    let mut listeners = Vec::new();
    for feed in &app.catalogues.feeds {
        let Some(topic) = feed.topic() else { continue };
        let folder = folder(app, feed);
        let spool = Spool::open(&folder, app.system.now())
            .map_err(|source| BadBroker::File { path: folder.display().to_string(), source })?;
        listeners.push(Listener { feed: feed.clone(), topic, spool });
    }
    Ok(listeners)
}

/// One connection, until it breaks.
async fn connection(
    app: &App,
    options: rumqttc::MqttOptions,
    listeners: &mut Vec<Listener>,
) -> Result<(), Ended> {
    let (client, mut events) = AsyncClient::new(options, ACKS_MOST + 16);
    let (send, mut receive) = mpsc::channel(2 * TOGETHER);
    let filters: Vec<String> = listeners.iter().map(|listener| listener.topic.filter()).collect();
    let (asks, mqtt, clock) = (client.clone(), app.mqtt.clone(), app.system.clone());
    // Dropped with this future, the channel ends and so does the task.
    let reader = tokio::spawn(async move {
        loop {
            match events.poll().await? {
                Event::Incoming(Packet::ConnAck(_)) => {
                    for filter in &filters {
                        asks.subscribe(filter, QoS::AtLeastOnce)
                            .await
                            .map_err(|_| Ended::Gone("no client"))?;
                    }
                    let now = clock.now().0;
                    mqtt.set(|status| (status.connected_since_ms, status.error) = (Some(now), None));
                    tracing::info!("listening to the broker");
                }
                Event::Incoming(Packet::SubAck(answer))
                    if answer.return_codes.contains(&SubscribeReasonCode::Failure) =>
                {
                    mqtt.set(|status| status.error = Some("the broker refuses a topic".to_owned()));
                    tracing::error!("the broker refuses a topic: look at the rights of its account");
                }
                Event::Incoming(Packet::Publish(message)) => {
                    send.send(message).await.map_err(|_| Ended::Gone("no one writes"))?;
                }
                _ => {}
            }
        }
        #[allow(unreachable_code)]
        Ok::<(), Ended>(())
    });
    let kept = keep(app, &client, listeners, &mut receive).await;
    drop(receive);
    match kept {
        Err(error) => {
            reader.abort();
            Err(error)
        }
        Ok(()) => reader.await.map_err(|_| Ended::Gone("the reader stopped"))?,
    }
}

/// Writes what comes, and acknowledges it.
async fn keep(
    app: &App,
    client: &AsyncClient,
    listeners: &mut Vec<Listener>,
    receive: &mut mpsc::Receiver<Publish>,
) -> Result<(), Ended> {
    let mut messages = Vec::new();
    loop {
        let full = listeners.iter().any(|l| waiting(&folder(app, &l.feed)).len() >= WAITING_MOST);
        if full {
            tokio::time::sleep(Duration::from_secs(1)).await;
        } else {
            let next = receive.recv_many(&mut messages, TOGETHER);
            if let Ok(0) = tokio::time::timeout(Duration::from_secs(1), next).await {
                return Ok(());
            }
        }
        let (mut own, now) = (std::mem::take(listeners), app.system.now());
        let written = tokio::task::spawn_blocking(move || {
            let done = write(&mut own, &messages, now);
            (own, messages, done)
        });
        let (own, taken, done) = written.await.map_err(|_| Ended::Gone("the writer stopped"))?;
        *listeners = own;
        for (feed, count) in done? {
            app.mqtt.set(|status| *status.messages.entry(feed).or_default() += count);
        }
        messages = taken;
        for message in messages.drain(..) {
            client.ack(&message).await.map_err(|_| Ended::Gone("no client"))?;
        }
    }
}

/// Writes messages through to the disk; gives how many each feed had.
fn write(
    listeners: &mut [Listener],
    messages: &[Publish],
    now: TimeMs,
) -> std::io::Result<HashMap<String, u64>> {
    let mut counts = HashMap::new();
    for listener in listeners {
        for message in messages {
            let Some(named) = listener.topic.read(&message.topic) else { continue };
            let lines = message::lines(&listener.feed, &message.topic, &named, &message.payload);
            listener.spool.add(&lines)?;
            *counts.entry(listener.feed.name.clone()).or_default() += 1;
        }
        if counts.contains_key(&listener.feed.name) {
            listener.spool.sync()?;
        }
        listener.spool.end_in_time(now)?;
    }
    Ok(counts)
}
