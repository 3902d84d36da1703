//! The file: lines of JSON, from the header to the checksum.

use std::io::{BufRead, Write};

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use sha2::{Digest, Sha256};
use time::OffsetDateTime;

use crate::{error::BackupError, value::ColumnKind};

/// The form that this version writes and reads.
const FORM: u32 = 1;

/// The file's first line: what is in it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Header {
    /// The form of what follows.
    tocsin_backup: u32,
    /// The version that wrote it.
    pub version: String,
    /// When: all rows are as they were then.
    #[serde(with = "time::serde::rfc3339")]
    pub made_at: OffsetDateTime,
    /// `SQLite` or `PostgreSQL`.
    pub database: String,
    /// The migrations that the database had run.
    pub migrations: Vec<String>,
    /// What the keys are called that open the secrets in it, the present one first. The keys themselves are not in it.
    pub secret_keys: Vec<String>,
}

impl Header {
    /// A header in the form of this version.
    pub fn new(
        version: &str,
        made_at: OffsetDateTime,
        database: &str,
        migrations: &[String],
        secret_keys: Vec<String>,
    ) -> Self {
        Self {
            tocsin_backup: FORM,
            version: version.to_owned(),
            made_at,
            database: database.to_owned(),
            migrations: migrations.to_vec(),
            secret_keys,
        }
    }
}

/// What begins a table's rows.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TableLine {
    pub(crate) table: String,
    pub(crate) columns: Vec<(String, ColumnKind)>,
}

/// The last line.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LastLine {
    rows: u64,
    sha256: String,
}

/// What a whole backup holds.
#[derive(Clone, Debug)]
pub struct Summary {
    /// Its first line.
    pub header: Header,
    /// How many tables.
    pub tables: usize,
    /// How many rows.
    pub rows: u64,
    /// SHA-256 of everything before the last line, in hex.
    pub checksum: String,
}

/// Writes a file, line by line.
pub(crate) struct Writer<W> {
    out: W,
    hash: Sha256,
    rows: u64,
    tables: usize,
    header: Header,
}

impl<W: Write> Writer<W> {
    pub(crate) fn begin(out: W, header: &Header) -> Result<Self, BackupError> {
        let mut writer = Self {
            out,
            hash: Sha256::new(),
            rows: 0,
            tables: 0,
            header: header.clone(),
        };
        writer.line(header)?;
        Ok(writer)
    }

    pub(crate) fn table(&mut self, line: &TableLine) -> Result<(), BackupError> {
        self.tables += 1;
        self.line(line)
    }

    pub(crate) fn row(&mut self, row: &[Json]) -> Result<(), BackupError> {
        self.rows += 1;
        self.line(&row)
    }

    fn line(&mut self, line: &impl Serialize) -> Result<(), BackupError> {
        let mut text = serde_json::to_vec(line).map_err(std::io::Error::from)?;
        text.push(b'\n');
        self.hash.update(&text);
        self.out.write_all(&text)?;
        Ok(())
    }

    pub(crate) fn end(mut self) -> Result<Summary, BackupError> {
        let checksum = hex::encode(self.hash.clone().finalize());
        let (rows, sha256) = (self.rows, checksum.clone());
        self.line(&LastLine { rows, sha256 })?;
        self.out.flush()?;
        Ok(Summary {
            header: self.header,
            tables: self.tables,
            rows,
            checksum,
        })
    }
}

/// A backup that is read, line by line. What it says is not to be believed before its end was reached: so read it to the end twice, or
/// keep what came of it only then.
pub struct Backup<R> {
    input: R,
    hash: Sha256,
    rows: u64,
    tables: usize,
    /// Its first line.
    pub header: Header,
}

/// What stands in a line.
pub(crate) enum Line {
    Table(TableLine),
    Row(Vec<Json>),
    End(Summary),
}

/// Reads a whole backup: whether it is as it was written.
///
/// # Errors
/// [`BackupError`], where it is cut, altered, of another form or something else.
pub fn read(input: impl BufRead) -> Result<Summary, BackupError> {
    let mut backup = Backup::open(input)?;
    loop {
        if let Line::End(summary) = backup.next_line()? {
            return Ok(summary);
        }
    }
}

impl<R: BufRead> Backup<R> {
    /// Reads the first line.
    ///
    /// # Errors
    /// [`BackupError`], where it is none of a backup.
    pub fn open(mut input: R) -> Result<Self, BackupError> {
        #[derive(Deserialize)]
        struct Form {
            tocsin_backup: u32,
            #[serde(default)]
            version: String,
        }
        let mut text = Vec::new();
        // Whatever else the file is, its first line may be endless.
        let begins = input.fill_buf()?.starts_with(b"{\"tocsin_backup\":");
        if !begins {
            return Err(BackupError::NotABackup);
        }
        input.read_until(b'\n', &mut text)?;
        if text.last() != Some(&b'\n') {
            return Err(BackupError::Cut);
        }
        let form: Form = serde_json::from_slice(&text).map_err(|_| BackupError::NotABackup)?;
        if form.tocsin_backup != FORM {
            return Err(BackupError::OtherForm {
                form: form.tocsin_backup,
                version: form.version,
            });
        }
        let header = serde_json::from_slice(&text)
            .map_err(|error| BackupError::Altered(format!("its first line is not understood ({error})")))?;
        let mut hash = Sha256::new();
        hash.update(&text);
        Ok(Self {
            input,
            hash,
            rows: 0,
            tables: 0,
            header,
        })
    }

    pub(crate) fn next_line(&mut self) -> Result<Line, BackupError> {
        let mut text = Vec::new();
        self.input.read_until(b'\n', &mut text)?;
        if text.last() != Some(&b'\n') {
            return Err(BackupError::Cut);
        }
        let number = self.rows + self.tables as u64 + 2;
        let unclear = |error: serde_json::Error| {
            BackupError::Altered(format!("line {number} is not understood ({error})"))
        };
        let line = if text.starts_with(b"[") {
            self.rows += 1;
            Line::Row(serde_json::from_slice(&text).map_err(unclear)?)
        } else if text.starts_with(b"{\"table\"") {
            self.tables += 1;
            Line::Table(serde_json::from_slice(&text).map_err(unclear)?)
        } else {
            let last: LastLine = serde_json::from_slice(&text).map_err(unclear)?;
            return self.end(&last).map(Line::End);
        };
        self.hash.update(&text);
        Ok(line)
    }

    fn end(&mut self, last: &LastLine) -> Result<Summary, BackupError> {
        let checksum = hex::encode(self.hash.clone().finalize());
        if checksum != last.sha256 {
            return Err(BackupError::Altered("its checksum does not match".to_owned()));
        }
        if last.rows != self.rows {
            return Err(BackupError::Altered(format!(
                "it has {} rows, and says that it has {}",
                self.rows, last.rows
            )));
        }
        if !self.input.fill_buf()?.is_empty() {
            return Err(BackupError::Altered("something stands behind its end".to_owned()));
        }
        Ok(Summary {
            header: self.header.clone(),
            tables: self.tables,
            rows: self.rows,
            checksum,
        })
    }
}
