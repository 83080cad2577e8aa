//! The platforms that run, each in a file of its own, so that other commands find them. What is written there holds only
//! as long as the process that wrote it is alive.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Write};
use std::net::SocketAddr;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::name::Name;
use super::process;
use crate::cli::refusal::refuse;
use crate::dev::guard::Others;

/// A platform that runs, as it told of itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Running {
    pub(super) pid: u32,
    /// What tells the process from others of its number.
    pub(super) mark: String,
    /// Since when, in UTC.
    pub(super) since: String,
    /// Where this machine reaches it.
    pub(super) address: SocketAddr,
    /// Where its log goes, if to a file.
    pub(super) log: Option<PathBuf>,
    /// The certificate of the authority that its certificates are of.
    pub(super) certificate: Option<PathBuf>,
    /// What its proxy did with others at the start; nothing: it is no proxy.
    pub(super) proxy: Option<Others>,
    /// What it said at its start, for programs.
    pub(super) banner: Value,
    /// The same for people.
    pub(super) text: String,
}

/// What is known of a name.
#[derive(Debug)]
pub(super) enum Found {
    Nothing,
    /// It runs.
    Live(Box<Running>),
    /// It ended without saying so.
    Stale,
}

/// The folder of the files.
pub(super) struct Register(PathBuf);

impl Register {
    /// That of this user: below `$XDG_RUNTIME_DIR`, or in the folder for temporary files. It is made where there is none.
    pub(super) fn of_user() -> anyhow::Result<Self> {
        let runtime = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
        let runtime = runtime.filter(|folder| folder.is_absolute() && folder.is_dir());
        let own = || std::env::temp_dir().join(format!("bizauth-dev-{}", rustix::process::geteuid().as_raw()));
        Register::at(runtime.map_or_else(own, |folder| folder.join("bizauth-dev")))
    }

    fn at(folder: PathBuf) -> anyhow::Result<Self> {
        let broken = |error: &io::Error| {
            refuse(
                format!("the folder {} cannot be used: {error}", folder.display()),
                "set XDG_RUNTIME_DIR to a folder that is yours",
            )
        };
        match fs::DirBuilder::new().mode(0o700).create(&folder) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(broken(&error)),
            _ => {}
        }
        // Anybody may make folders among the temporary files, and links to others.
        let found = fs::symlink_metadata(&folder).map_err(|error| broken(&error))?;
        let ours = found.is_dir() && found.uid() == rustix::process::geteuid().as_raw() && found.mode() & 0o077 == 0;
        if !ours {
            return Err(refuse(
                format!("{} is not a folder of yours that is closed to others", folder.display()),
                "remove it if it is yours, or set XDG_RUNTIME_DIR to a folder that is",
            ));
        }
        Ok(Register(folder))
    }

    /// Where a platform that was detached writes its log.
    pub(super) fn log(&self, name: &Name) -> PathBuf {
        self.0.join(format!("{name}.log"))
    }

    fn file(&self, name: &Name) -> PathBuf {
        self.0.join(format!("{name}.json"))
    }

    /// What is known of `name`.
    pub(super) fn find(&self, name: &Name) -> anyhow::Result<Found> {
        let file = self.file(name);
        let text = match fs::read(&file) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Found::Nothing),
            Err(error) => return Err(crate::cli::refusal::unreadable(&file.display().to_string(), &error)),
        };
        // A file that an older program wrote, or that is torn, tells of nothing that could be used.
        let Ok(running) = serde_json::from_slice::<Running>(&text) else { return Ok(Found::Stale) };
        Ok(if running.is_alive() { Found::Live(Box::new(running)) } else { Found::Stale })
    }

    /// The platform of this name; a refusal that says how to start it if none runs.
    pub(super) fn live(&self, name: &Name) -> anyhow::Result<Running> {
        match self.find(name)? {
            Found::Live(running) => return Ok(*running),
            Found::Stale => self.clear(name),
            Found::Nothing => {}
        }
        Err(refuse(
            format!("no `bizauth dev` named {name} runs"),
            format!("start one with `bizauth dev --detach{}`", name.flag()),
        ))
    }

    /// The names of all files, in order.
    pub(super) fn names(&self) -> anyhow::Result<Vec<Name>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.0)? {
            let file = entry?.file_name();
            let stem = file.to_str().and_then(|file| file.strip_suffix(".json"));
            names.extend(stem.and_then(|stem| stem.parse::<Name>().ok()));
        }
        names.sort_by_key(ToString::to_string);
        Ok(names)
    }

    /// Removes the file of one that is gone, unless another one is just taking the name.
    pub(super) fn clear(&self, name: &Name) {
        if let Ok(Some(_held)) = self.hold(name)
            && matches!(self.find(name), Ok(Found::Stale))
        {
            // It will be found stale once more.
            let _ = fs::remove_file(self.file(name));
        }
    }

    /// Takes the name for this process, for as long as it lives.
    pub(super) fn claim(&self, name: &Name) -> anyhow::Result<Claim> {
        // Others hold a name for a moment, to clear it.
        for _ in 0..25 {
            if let Some(lock) = self.hold(name)? {
                return Ok(Claim { file: self.file(name), written: false, _lock: lock });
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Err(self.taken(name))
    }

    /// The refusal of a name that is in use.
    pub(super) fn taken(&self, name: &Name) -> anyhow::Error {
        let who = match self.find(name) {
            Ok(Found::Live(running)) => format!(" at http://{} (process {})", running.address, running.pid),
            _ => String::new(),
        };
        refuse(
            format!("a `bizauth dev` named {name} runs already{who}"),
            format!("stop it with `bizauth dev stop{}`, or give this one another --name", name.flag()),
        )
    }

    fn hold(&self, name: &Name) -> anyhow::Result<Option<File>> {
        let path = self.0.join(format!("{name}.lock"));
        let broken = |error: io::Error| crate::cli::refusal::unreadable(&path.display().to_string(), &error);
        let file =
            OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&path).map_err(broken)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(file)),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(broken(error)),
        }
    }
}

impl Running {
    /// Whether the process that wrote this is the one that has its number now.
    pub(super) fn is_alive(&self) -> bool {
        process::mark(self.pid).as_deref() == Some(self.mark.as_str())
    }
}

/// A name that is ours; given back when dropped.
pub(super) struct Claim {
    file: PathBuf,
    written: bool,
    _lock: File,
}

impl Claim {
    /// Tells the others. Whole or not at all, for its owner's eyes.
    pub(super) fn write(&mut self, running: &Running) -> anyhow::Result<()> {
        let mut file = tempfile::NamedTempFile::new_in(self.file.parent().unwrap_or(Path::new(".")))?;
        file.write_all(serde_json::to_string_pretty(running)?.as_bytes())?;
        file.persist(&self.file)?;
        self.written = true;
        Ok(())
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        if self.written {
            // What stays is known to be stale: its process is gone.
            let _ = fs::remove_file(&self.file);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn register() -> (tempfile::TempDir, Register) {
        let home = tempfile::tempdir().unwrap();
        let register = Register::at(home.path().join("bizauth-dev")).unwrap();
        (home, register)
    }

    fn ours() -> Running {
        let pid = std::process::id();
        Running {
            pid,
            mark: process::mark(pid).unwrap(),
            since: "2026-11-21T00:00:00Z".to_owned(),
            address: "127.0.0.1:8080".parse().unwrap(),
            log: None,
            certificate: None,
            proxy: None,
            banner: Value::Null,
            text: String::new(),
        }
    }

    #[test]
    fn a_name_is_one_platforms_until_it_ends() {
        let (_home, register) = register();
        let name = Name::default();
        assert!(matches!(register.find(&name).unwrap(), Found::Nothing));
        let mut claim = register.claim(&name).unwrap();
        claim.write(&ours()).unwrap();
        assert!(matches!(register.find(&name).unwrap(), Found::Live(_)));
        let said = register.claim(&name).err().unwrap().to_string();
        assert!(said.contains("named default runs already at http://127.0.0.1:8080"), "{said}");
        register.clear(&name);
        assert_eq!(register.names().unwrap(), [name.clone()], "one that lives is not cleared");
        drop(claim);
        assert!(matches!(register.find(&name).unwrap(), Found::Nothing));
        register.claim(&name).unwrap();
    }

    #[test]
    fn a_number_that_another_process_has_by_now_is_not_ours() {
        let (_home, register) = register();
        let name = Name::default();
        for text in [
            serde_json::to_string(&Running { mark: "1".to_owned(), ..ours() }).unwrap(),
            serde_json::to_string(&Running { pid: 4_000_000, ..ours() }).unwrap(),
            "{\"pid\":".to_owned(),
        ] {
            fs::write(register.file(&name), text).unwrap();
            assert!(matches!(register.find(&name).unwrap(), Found::Stale));
            let said = register.live(&name).unwrap_err().to_string();
            assert_eq!(said, "no `bizauth dev` named default runs");
            assert!(!register.file(&name).exists(), "and it is cleared away");
        }
    }

    #[test]
    fn a_folder_that_others_can_write_is_not_trusted() {
        use std::os::unix::fs::PermissionsExt;
        let home = tempfile::tempdir().unwrap();
        let open = home.path().join("open");
        fs::create_dir(&open).unwrap();
        fs::set_permissions(&open, fs::Permissions::from_mode(0o755)).unwrap();
        let real = home.path().join("real");
        fs::DirBuilder::new().mode(0o700).create(&real).unwrap();
        let link = home.path().join("link");
        std::os::unix::fs::symlink(&real, &link).unwrap();
        for folder in [open, link] {
            let said = Register::at(folder).err().unwrap().to_string();
            assert!(said.contains("is not a folder of yours that is closed to others"), "{said}");
        }
    }
}
