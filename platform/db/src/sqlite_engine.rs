//! SQLite: one writer thread with group commit, a pool of readers that cannot write.

use crate::{DbError, Tx, tx::Conn};
use rusqlite::{Connection, OpenFlags};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::Duration;

/// What waits together is committed together, up to this many.
const GROUP_MAX: usize = 64;

type Work = Box<dyn FnOnce(&Connection) -> Box<dyn FnOnce(Result<(), DbError>) + Send> + Send>;

pub(crate) struct Sqlite {
    writer: mpsc::Sender<Work>,
    readers: r2d2::Pool<Readers>,
}

struct Readers(PathBuf);

fn pragmas(conn: &Connection) -> rusqlite::Result<()> {
    conn.busy_timeout(Duration::from_secs(30))?;
    conn.set_prepared_statement_cache_capacity(512);
    conn.execute_batch(
        "pragma journal_mode = wal; pragma synchronous = full; pragma foreign_keys = on; \
         pragma cache_size = -65536; pragma temp_store = memory; pragma mmap_size = 268435456;",
    )
}

impl r2d2::ManageConnection for Readers {
    type Connection = Connection;
    type Error = rusqlite::Error;

    fn connect(&self) -> Result<Connection, rusqlite::Error> {
        let conn = Connection::open_with_flags(
            &self.0,
            OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
        )?;
        pragmas(&conn)?;
        conn.execute_batch("pragma query_only = on;")?;
        Ok(conn)
    }

    fn is_valid(&self, _: &mut Connection) -> Result<(), rusqlite::Error> {
        Ok(())
    }

    fn has_broken(&self, _: &mut Connection) -> bool {
        false
    }
}

impl Sqlite {
    pub(crate) fn open(path: &Path) -> Result<Self, DbError> {
        let wrap = |source| DbError::Sqlite { statement: "open", source };
        let conn = Connection::open(path).map_err(wrap)?;
        pragmas(&conn).map_err(wrap)?;
        let (writer, inbox) = mpsc::channel::<Work>();
        std::thread::Builder::new()
            .name("sqlite-writer".to_owned())
            .spawn(move || run_writer(&conn, &inbox))
            .map_err(|error| DbError::Worker(error.to_string()))?;
        let readers = r2d2::Pool::builder().max_size(8).min_idle(Some(1)).build(Readers(path.to_owned()))?;
        Ok(Self { writer, readers })
    }

    pub(crate) fn read<T, E: From<DbError>>(
        &self,
        mut work: impl FnMut(&mut Tx) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut conn = self.readers.get().map_err(DbError::Pool)?;
        let inner = conn.transaction().map_err(|source| DbError::Sqlite { statement: "begin", source })?;
        work(&mut Tx::new(Conn::Sqlite(&inner), 0))
    }

    pub(crate) fn write<T, E>(
        &self,
        mut work: impl FnMut(&mut Tx) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        let (answer, wait) = mpsc::sync_channel(1);
        let job: Work = Box::new(move |conn| {
            let result = in_savepoint(conn, &mut work);
            Box::new(move |committed: Result<(), DbError>| {
                let result = match committed {
                    Ok(()) => result,
                    Err(error) => result.and(Err(E::from(error))),
                };
                let _ = answer.send(result);
            })
        });
        self.writer.send(job).map_err(|_| DbError::Worker("the writer has stopped".to_owned()))?;
        wait.recv().map_err(|_| DbError::Worker("the writer dropped the work".to_owned()))?
    }
}

/// Each closure stands alone: one that fails takes nothing of its neighbours with it.
fn in_savepoint<T, E: From<DbError>>(
    conn: &Connection,
    work: &mut impl FnMut(&mut Tx) -> Result<T, E>,
) -> Result<T, E> {
    let run = |text: &str| {
        conn.execute_batch(text).map_err(|source| DbError::Sqlite { statement: "savepoint", source })
    };
    run("savepoint work")?;
    let outcome =
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| work(&mut Tx::new(Conn::Sqlite(conn), 0))));
    let result =
        outcome.unwrap_or_else(|_| Err(E::from(DbError::Worker("the operation panicked".to_owned()))));
    match result {
        Ok(value) => {
            run("release work")?;
            Ok(value)
        }
        Err(error) => {
            run("rollback to work; release work")?;
            Err(error)
        }
    }
}

fn run_writer(conn: &Connection, inbox: &mpsc::Receiver<Work>) {
    while let Ok(first) = inbox.recv() {
        let begun = conn
            .execute_batch("begin immediate")
            .map_err(|source| DbError::Sqlite { statement: "begin immediate", source });
        if let Err(error) = begun {
            // Nothing ran: the work still has to be answered, so it runs into the same error.
            let text = error.to_string();
            let answer = first(conn);
            answer(Err(DbError::Worker(text)));
            continue;
        }
        let mut answers = vec![first(conn)];
        while answers.len() < GROUP_MAX {
            match inbox.try_recv() {
                Ok(next) => answers.push(next(conn)),
                Err(_) => break,
            }
        }
        let committed = conn.execute_batch("commit");
        if committed.is_err() {
            let _ = conn.execute_batch("rollback");
        }
        let failure = committed.err().map(|error| error.to_string());
        for answer in answers {
            answer(match &failure {
                None => Ok(()),
                Some(why) => Err(DbError::Worker(format!("commit failed: {why}"))),
            });
        }
    }
}
