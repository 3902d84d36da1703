//! A file that comes to be whole or not at all.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, BufWriter, ErrorKind, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use anyhow::{Context, anyhow, bail};

/// Readable by its owner alone.
const PRIVATE: u32 = 0o600;

/// A file that is being written, under another name. Where its process dies, the next one begins it anew.
pub(super) struct UnfinishedFile {
    wanted: PathBuf,
    path: PathBuf,
    out: BufWriter<File>,
    overwrite: bool,
    is_published: bool,
}

impl UnfinishedFile {
    /// Begins the file.
    pub(super) fn create(wanted: &Path, overwrite: bool) -> anyhow::Result<Self> {
        if wanted.is_dir() {
            bail!("{} is a directory: name the file", wanted.display());
        }
        if wanted.exists() && !overwrite {
            return Err(is_there(wanted));
        }
        let path = beside(wanted, ".unfinished");
        let file = locked(&path)?;
        Ok(Self {
            wanted: wanted.to_owned(),
            path,
            out: BufWriter::with_capacity(1 << 16, file),
            overwrite,
            is_published: false,
        })
    }

    /// Where to write.
    pub(super) fn writer(&mut self) -> impl Write + Send {
        &mut self.out
    }

    /// Gives it its name, once all of it is on the disk; its size in bytes.
    pub(super) fn publish(mut self) -> anyhow::Result<u64> {
        let named = self.name();
        named.map_err(|error| {
            if error.kind() == ErrorKind::AlreadyExists {
                is_there(&self.wanted)
            } else {
                anyhow!("the backup {} can't be written: {error}", self.wanted.display())
            }
        })
    }

    fn name(&mut self) -> io::Result<u64> {
        self.out.flush()?;
        let file = self.out.get_ref();
        file.sync_all()?;
        let bytes = file.metadata()?.len();
        if self.overwrite {
            fs::rename(&self.path, &self.wanted)?;
        } else {
            // Where another was made meanwhile, this fails.
            fs::hard_link(&self.path, &self.wanted)?;
            fs::remove_file(&self.path)?;
        }
        self.is_published = true;
        sync_directory(&self.wanted)?;
        Ok(bytes)
    }
}

impl Drop for UnfinishedFile {
    fn drop(&mut self) {
        if !self.is_published {
            // What can't be removed, the next one writes over.
            drop(fs::remove_file(&self.path));
        }
    }
}

fn is_there(file: &Path) -> anyhow::Error {
    anyhow!(
        "{} is there already: name another file, or replace it with --overwrite",
        file.display()
    )
}

/// Opens a file for its owner alone, emptied, which no other process writes.
pub(super) fn locked(path: &Path) -> anyhow::Result<File> {
    let failed = || format!("{} can't be written", path.display());
    let mut options = OpenOptions::new();
    // Emptied only once it is known that nobody else writes it.
    let options = options
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(PRIVATE);
    let file = options.open(path).with_context(failed)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => bail!("another process writes {} at the moment", path.display()),
        Err(TryLockError::Error(error)) => return Err(error).with_context(failed),
    }
    file.set_len(0).with_context(failed)?;
    let private = <fs::Permissions as std::os::unix::fs::PermissionsExt>::from_mode(PRIVATE);
    file.set_permissions(private).with_context(failed)?;
    Ok(file)
}

/// A file beside another, named after it.
pub(super) fn beside(file: &Path, suffix: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// Has the names in a file's directory be on the disk.
pub(super) fn sync_directory(file: &Path) -> io::Result<()> {
    let directory = file.parent().filter(|path| !path.as_os_str().is_empty());
    File::open(directory.unwrap_or(Path::new(".")))?.sync_all()
}
