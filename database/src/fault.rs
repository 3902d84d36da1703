//! What an error of the database means, and what to do about it: said here once, for the log, `doctor`, `/readyz` and the API.

use std::io::ErrorKind;

use sea_orm::{
    DbErr, RuntimeErr,
    sqlx::{self, error::DatabaseError},
};

/// What is wrong with the database, as far as its error tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DatabaseFault {
    /// The disk is full, or a quota or limit of the file's size is reached.
    DiskFull,
    /// The disk or the file system failed.
    DiskFailed,
    /// The file, its directory, or the server may only be read.
    ReadOnly,
    /// The file can't be opened or made: permissions, or a missing directory.
    NotOpened,
    /// The file is a database, and damaged.
    Damaged,
    /// The file is something else.
    NotADatabase,
    /// The process has too many open files.
    TooManyFiles,
    /// The server has as many connections as it takes.
    TooManyConnections,
    /// The server refuses the user or the password.
    WrongPassword,
    /// The user may not do this.
    NotAllowed,
    /// The server has no database of this name.
    NoSuchDatabase,
    /// The server can't be reached, or the connection to it broke.
    Unreachable,
    /// The server starts or stops.
    Restarting,
    /// The address of the database is malformed.
    WrongAddress,
    /// Another process holds a lock for too long.
    Locked,
    /// It and another transaction waited for each other's locks, and this one was given up.
    Deadlock,
    /// The statement took longer than it may.
    TooSlow,
    /// The transaction was ended, since its process did nothing for too long.
    Interrupted,
    /// All of this process's connections are in use, or none could be had in time.
    Busy,
    /// A table or column is missing: the schema is not this version's.
    WrongSchema,
    /// A table, a column or an index is there already that was to be made.
    AlreadyThere,
    /// Something else; the error's own text says what.
    Other,
}

impl DatabaseFault {
    /// What the error means.
    pub fn of(error: &DbErr) -> Self {
        if matches!(error, DbErr::ConnectionAcquire(_)) {
            return Self::Busy;
        }
        if let DbErr::Conn(RuntimeErr::SqlxError(error))
        | DbErr::Exec(RuntimeErr::SqlxError(error))
        | DbErr::Query(RuntimeErr::SqlxError(error)) = error
        {
            return Self::of_sqlx(error);
        }
        Self::Other
    }

    /// The same, of an error of sqlx.
    pub fn of_sqlx(error: &sqlx::Error) -> Self {
        if let sqlx::Error::Database(error) = error {
            return of_database(error.as_ref());
        }
        if let sqlx::Error::Io(error) = error {
            return of_io(error.kind());
        }
        if matches!(error, sqlx::Error::PoolTimedOut) {
            return Self::Busy;
        }
        if matches!(error, sqlx::Error::Configuration(_)) {
            return Self::WrongAddress;
        }
        let is_away = matches!(
            error,
            sqlx::Error::Tls(_)
                | sqlx::Error::Protocol(_)
                | sqlx::Error::WorkerCrashed
                | sqlx::Error::PoolClosed
        );
        if is_away { Self::Unreachable } else { Self::Other }
    }

    /// Its stable name, for programs.
    pub fn reason(self) -> &'static str {
        match self {
            Self::DiskFull => "DISK_FULL",
            Self::DiskFailed => "DISK_FAILED",
            Self::ReadOnly => "READ_ONLY",
            Self::NotOpened => "NOT_OPENED",
            Self::Damaged => "DAMAGED",
            Self::NotADatabase => "NOT_A_DATABASE",
            Self::TooManyFiles => "TOO_MANY_FILES",
            Self::TooManyConnections => "TOO_MANY_CONNECTIONS",
            Self::WrongPassword => "WRONG_PASSWORD",
            Self::NotAllowed => "NOT_ALLOWED",
            Self::NoSuchDatabase => "NO_SUCH_DATABASE",
            Self::Unreachable => "UNREACHABLE",
            Self::Restarting => "RESTARTING",
            Self::WrongAddress => "WRONG_ADDRESS",
            Self::Locked => "LOCKED",
            Self::Deadlock => "DEADLOCK",
            Self::TooSlow => "TOO_SLOW",
            Self::Interrupted => "INTERRUPTED",
            Self::Busy => "BUSY",
            Self::WrongSchema => "WRONG_SCHEMA",
            Self::AlreadyThere => "ALREADY_THERE",
            Self::Other => "DATABASE_FAILED",
        }
    }

    /// What is wrong, as the end of a sentence that begins with the database: `the database X {cause}`.
    pub fn cause(self) -> &'static str {
        match self {
            Self::DiskFull => "can't be written: its disk is full, or a limit of the file's size is reached",
            Self::DiskFailed => "can't be read or written: its disk or file system failed",
            Self::ReadOnly => "can only be read",
            Self::NotOpened => "can't be opened",
            Self::Damaged => "is damaged",
            Self::NotADatabase => "is not a SQLite database",
            Self::TooManyFiles => "can't be opened: this process has too many open files",
            Self::TooManyConnections => "takes no more connections",
            Self::WrongPassword => "refuses the user or the password",
            Self::NotAllowed => "doesn't allow this to its user",
            Self::NoSuchDatabase => "does not exist on its server",
            Self::Unreachable => "does not answer",
            Self::Restarting => "is starting or stopping",
            Self::WrongAddress => "has a malformed address",
            Self::Locked => "is locked by another process for too long",
            Self::Deadlock => "gave up a transaction that another waited for, and that waited for the other",
            Self::TooSlow => "took too long for a statement",
            Self::Interrupted => "ended a transaction, because this process did nothing in it for too long",
            Self::Busy => "gave no connection in time: all are in use, or its server does not answer",
            Self::WrongSchema => "has not the tables of this version",
            Self::AlreadyThere => "has a table, a column or an index already that was to be made",
            Self::Other => "failed",
        }
    }

    /// What an operator does about it.
    pub fn remedy(self) -> &'static str {
        match self {
            Self::DiskFull => "free some space, or raise the limit; Tocsin goes on by itself",
            Self::DiskFailed => "look at the kernel's log and check the disk; then restart Tocsin",
            Self::ReadOnly => {
                "make the file, its directory and its file system writable for Tocsin's user, or connect to the primary server"
            }
            Self::NotOpened => {
                "create its directory, and let Tocsin's user read and write the file and the directory, or set TOCSIN_DATABASE_URL to another file"
            }
            Self::Damaged => {
                "stop Tocsin, keep a copy of the file, and restore a backup; without one, try: sqlite3 FILE .recover"
            }
            Self::NotADatabase => "set TOCSIN_DATABASE_URL to another file",
            Self::TooManyFiles => "raise the limit of open files (LimitNOFILE, ulimit -n)",
            Self::TooManyConnections => {
                "lower TOCSIN_DATABASE_CONNECTIONS, stop what else is connected, or raise max_connections on the server"
            }
            Self::WrongPassword => {
                "correct the user and the password in TOCSIN_DATABASE_URL, or the server's pg_hba.conf"
            }
            Self::NotAllowed => "make the user the owner of the database and of its tables",
            Self::NoSuchDatabase => {
                "create it with CREATE DATABASE, or correct its name in TOCSIN_DATABASE_URL"
            }
            Self::Unreachable => "start it, or correct TOCSIN_DATABASE_URL (its host and port)",
            Self::Restarting => "wait until it is ready; Tocsin goes on by itself",
            Self::WrongAddress => "correct TOCSIN_DATABASE_URL",
            Self::Locked => {
                "find out which process holds the lock: the log names it on PostgreSQL; then try again"
            }
            Self::Deadlock => "try again",
            Self::TooSlow => "look at the load of the server; then try again",
            Self::Interrupted => {
                "try again; should it happen often, this machine has too little processor time"
            }
            Self::Busy => {
                "try again; should it last, check the server and its load, or raise TOCSIN_DATABASE_CONNECTIONS"
            }
            Self::WrongSchema => "run `tocsin migrate`",
            Self::AlreadyThere => "restore the copy of the database from before the upgrade",
            Self::Other => "the log has the error",
        }
    }

    /// All of it in one sentence, with the error's own words: `whose` is the database, as `the database sqlite://tocsin.db`.
    pub fn explain(whose: &str, error: &DbErr) -> String {
        let fault = Self::of(error);
        format!("{whose} {}: {} ({error})", fault.cause(), fault.remedy())
    }

    /// Whether every other write meets the same just now, so that trying again at once only costs time.
    pub fn concerns_all(self) -> bool {
        match self {
            Self::DiskFull
            | Self::DiskFailed
            | Self::ReadOnly
            | Self::NotOpened
            | Self::Damaged
            | Self::NotADatabase
            | Self::TooManyFiles
            | Self::TooManyConnections
            | Self::WrongPassword
            | Self::NotAllowed
            | Self::NoSuchDatabase
            | Self::Unreachable
            | Self::Restarting
            | Self::WrongAddress
            | Self::Locked
            | Self::Busy
            | Self::WrongSchema => true,
            Self::Deadlock | Self::TooSlow | Self::Interrupted | Self::AlreadyThere | Self::Other => false,
        }
    }
}

fn of_io(kind: ErrorKind) -> DatabaseFault {
    const FULL: [ErrorKind; 3] = [
        ErrorKind::StorageFull,
        ErrorKind::QuotaExceeded,
        ErrorKind::FileTooLarge,
    ];
    const CLOSED: [ErrorKind; 3] = [
        ErrorKind::PermissionDenied,
        ErrorKind::NotADirectory,
        ErrorKind::IsADirectory,
    ];
    if FULL.contains(&kind) {
        DatabaseFault::DiskFull
    } else if CLOSED.contains(&kind) {
        DatabaseFault::NotOpened
    } else if kind == ErrorKind::ReadOnlyFilesystem {
        DatabaseFault::ReadOnly
    } else if kind == ErrorKind::InvalidData {
        // What reads a file and finds it broken says it so.
        DatabaseFault::Damaged
    } else {
        DatabaseFault::Unreachable
    }
}

fn of_database(error: &dyn DatabaseError) -> DatabaseFault {
    let code = error.code().unwrap_or_default();
    match code.parse::<i32>() {
        // SQLite's result codes have at most four digits, and SQLSTATEs five signs.
        Ok(number) if code.len() < 5 => of_sqlite(number, error.message()),
        Ok(_) | Err(_) => of_sqlstate(&code),
    }
}

/// Source: `SQLite`, "Result and Error Codes". The lowest byte is the primary code.
fn of_sqlite(code: i32, message: &str) -> DatabaseFault {
    /// A write beyond a limit of the file's size, which `SQLite` can't tell from a broken disk.
    const IOERR_WRITE: i32 = 778;
    /// The shared memory could not be made as large as it must be: the disk is full.
    const IOERR_SHMSIZE: i32 = 4874;
    match (code, code & 0xff) {
        (IOERR_WRITE | IOERR_SHMSIZE, _) | (_, 13) => DatabaseFault::DiskFull,
        (_, 10) => DatabaseFault::DiskFailed,
        (_, 3 | 8 | 23) => DatabaseFault::ReadOnly,
        (_, 14) => DatabaseFault::NotOpened,
        (_, 11) => DatabaseFault::Damaged,
        (_, 26) => DatabaseFault::NotADatabase,
        (_, 5 | 6 | 15) => DatabaseFault::Locked,
        // The head names a format that no version ever wrote.
        (_, 1) if message.starts_with("unsupported file format") => DatabaseFault::Damaged,
        (_, 1) if message.starts_with("no such table") || message.starts_with("no such column") => {
            DatabaseFault::WrongSchema
        }
        (_, 1) if message.ends_with("already exists") || message.starts_with("duplicate column name") => {
            DatabaseFault::AlreadyThere
        }
        _ => DatabaseFault::Other,
    }
}

/// Source: PostgreSQL, "Appendix A. Error Codes".
fn of_sqlstate(code: &str) -> DatabaseFault {
    match code {
        "53100" => DatabaseFault::DiskFull,
        "58030" => DatabaseFault::DiskFailed,
        "25006" => DatabaseFault::ReadOnly,
        "XX001" | "XX002" => DatabaseFault::Damaged,
        "53300" => DatabaseFault::TooManyConnections,
        "28P01" | "28000" => DatabaseFault::WrongPassword,
        "42501" => DatabaseFault::NotAllowed,
        "3D000" => DatabaseFault::NoSuchDatabase,
        "08000" | "08001" | "08003" | "08004" | "08006" => DatabaseFault::Unreachable,
        "57P01" | "57P02" | "57P03" => DatabaseFault::Restarting,
        "55P03" => DatabaseFault::Locked,
        "40P01" => DatabaseFault::Deadlock,
        "57014" => DatabaseFault::TooSlow,
        "25P03" => DatabaseFault::Interrupted,
        "42P01" | "42703" => DatabaseFault::WrongSchema,
        "42P07" | "42701" | "42710" => DatabaseFault::AlreadyThere,
        _ => DatabaseFault::Other,
    }
}
