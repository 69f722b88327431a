//! Runs the consumers: by a background loop in a server, by hand in tests.

use crate::*;
use gridweave_core::time::MINUTE_MS;
use gridweave_db::{Db, OpError, Row};
use std::sync::Arc;
use std::time::Duration;

const BATCH: i64 = 64;
const ATTEMPTS_MAX: i64 = 8;

type Run = dyn Fn(&mut Tx, &Ctx, &Event) -> Result<(), OpError> + Send + Sync;

/// One row of the wiring: which event, who reacts, how.
#[derive(Clone)]
pub struct Consumer {
    /// Name of the event.
    pub event: &'static str,
    /// Who reacts, as `room.verb`; stored with the job, so it stays stable.
    pub name: &'static str,
    /// The reaction, in the transaction that removes the job.
    pub run: Arc<Run>,
}

/// The consumers over one database. Cheap to clone.
#[derive(Clone)]
pub struct Runner {
    db: Db,
    ctx: Ctx,
    consumers: Arc<Vec<Consumer>>,
}

/// A job that did not succeed, so that its neighbours can go on.
struct JobFailure {
    job: String,
    error: OpError,
}

impl From<DbError> for JobFailure {
    fn from(error: DbError) -> Self {
        Self { job: String::new(), error: OpError::Db(error) }
    }
}

impl Runner {
    /// A runner that acts as `ctx.actor`.
    pub fn new(db: Db, ctx: Ctx, consumers: Vec<Consumer>) -> Self {
        Self { db, ctx, consumers: Arc::new(consumers) }
    }

    /// Gives waiting events their place in the stream and makes their jobs. Returns how many.
    pub fn dispatch(&self) -> Result<usize, DbError> {
        let none_waiting = self
            .db
            .read_blocking(|tx| Ok::<_, DbError>(tx.all(&WAITING, &[1i64.into()], |_| Ok(()))?.is_empty()))?;
        if none_waiting {
            return Ok(0);
        }
        let this = self.clone();
        self.db.write_blocking(move |tx| this.dispatch_in(tx))
    }

    fn dispatch_in(&self, tx: &mut Tx) -> Result<usize, DbError> {
        let mut seq = tx.one(&HEAD_LOCKED, &[], |row| row.int(0))?;
        let read = |row: &Row| Ok((row.text(0)?, row.text(1)?, row.text(2)?));
        let waiting = tx.all(&WAITING, &[(BATCH * 8).into()], read)?;
        for (id, name, body) in &waiting {
            seq += 1;
            tx.exec(&NUMBER, &[seq.into(), id.into()])?;
            for consumer in self.consumers.iter().filter(|c| c.event == name) {
                let job: String = self.ctx.new_id();
                let now = self.ctx.now();
                tx.exec(&ENQUEUE, &[job.into(), consumer.name.into(), body.into(), now.into()])?;
            }
        }
        tx.exec(&SET_HEAD, &[seq.into()])?;
        Ok(waiting.len())
    }

    /// Runs what is ready, one batch. Returns how many jobs ended.
    pub fn run_ready(&self) -> Result<usize, DbError> {
        let now = self.ctx.now();
        let none_ready = self.db.read_blocking(|tx| {
            let waiting = tx.all(&READY_COUNT, &[now.into()], |row| row.int(0))?;
            Ok::<_, DbError>(waiting.is_empty())
        })?;
        if none_ready {
            return Ok(0);
        }
        match self.run_batch(BATCH) {
            Ok(count) => Ok(count),
            Err(_) => match self.run_batch(1) {
                Ok(count) => Ok(count),
                Err(failure) => self.put_aside(failure).map(|()| 1),
            },
        }
    }

    fn run_batch(&self, limit: i64) -> Result<usize, JobFailure> {
        let this = self.clone();
        self.db.write_blocking(move |tx| {
            let now = this.ctx.now();
            let read = |row: &Row| Ok((row.text(0)?, row.text(1)?, row.json::<Event>(2)?));
            let jobs = tx.all(&READY, &[now.into(), limit.into()], read)?;
            for (id, name, event) in &jobs {
                let known = this.consumers.iter().find(|c| c.name == name && c.event == event.name());
                if let Some(consumer) = known {
                    (consumer.run)(tx, &this.ctx, event)
                        .map_err(|error| JobFailure { job: id.clone(), error })?;
                }
                tx.exec(&DONE, &[id.into()])?;
            }
            Ok(jobs.len())
        })
    }

    /// A refused job is kept for a person; one that met a failing database waits and tries again.
    fn put_aside(&self, failure: JobFailure) -> Result<(), DbError> {
        let JobFailure { job, error } = failure;
        if job.is_empty() {
            return match error {
                OpError::Db(error) => Err(error),
                OpError::Refused(_) => Ok(()),
            };
        }
        tracing::warn!(job, error = %error, "job did not succeed");
        let refused = error.refusal().is_some();
        let text = error.to_string();
        let now = self.ctx.now();
        self.db.write_blocking(move |tx| {
            let attempts = tx.one(&ATTEMPTS, &[job.as_str().into()], |row| row.int(0))?;
            let pause = MINUTE_MS * (1 << attempts.min(6)) / 60;
            let give_up = refused || attempts + 1 >= ATTEMPTS_MAX;
            let later = now.plus_ms(pause);
            tx.exec(&POSTPONE, &[job.as_str().into(), later.into(), give_up.into(), text.as_str().into()])?;
            Ok(())
        })
    }

    /// Dispatches and runs until nothing is left. For tests, imports and simulations.
    pub fn drain(&self) -> Result<usize, DbError> {
        let mut total = 0;
        loop {
            let done = self.dispatch()? + self.run_ready()?;
            if done == 0 {
                return Ok(total);
            }
            total += done;
        }
    }

    /// Works for as long as the server lives: woken by writes, and every second besides.
    pub async fn run_forever(self) {
        let mut woken = self.db.subscribe();
        loop {
            let this = self.clone();
            let done = tokio::task::spawn_blocking(move || this.drain()).await;
            if let Ok(Err(error)) = done {
                tracing::error!(error = %error, "jobs stopped for a moment");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            let _ = tokio::time::timeout(Duration::from_secs(1), woken.changed()).await;
        }
    }
}
