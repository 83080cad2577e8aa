//! A throwaway PostgreSQL: made by the test process that asks for it first, gone when that process is.
//!
//! Every call of [`database`] makes a new, empty database on it. The server listens only on a socket in its own folder.
//! A shell that waits for the end of its input watches over it: however the process ends, its end of the pipe closes,
//! and the shell stops the server and removes the folder. Other test binaries take this file in with `#[path]`, so it
//! has no more than `database` needs.

use std::fs::{DirBuilder, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, Command, Stdio};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// The connection string of a database that nobody else uses.
///
/// # Panics
/// There is no PostgreSQL on this machine, or it does not start; the message says what to do. A test is never skipped.
pub(crate) fn database() -> String {
    static SHARED: LazyLock<Result<Server, String>> = LazyLock::new(Server::start);
    let made = SHARED.as_ref().map_err(Clone::clone).and_then(Server::database);
    made.unwrap_or_else(|why| panic!("this test needs PostgreSQL: {why}"))
}

const MISSING: &str = "no initdb was found in PG_BIN, /usr/lib/postgresql/*/bin or PATH; \
    install it (Debian: apt-get install postgresql, macOS: brew install postgresql) or name its programs' folder in PG_BIN";

/// Speed instead of safety: nothing here outlives the process.
const SETTINGS: &str = "
listen_addresses = ''
max_connections = 300
shared_buffers = 64MB
fsync = off
synchronous_commit = off
full_page_writes = off
autovacuum = off
deadlock_timeout = 100ms
";

/// `$1` is the server's folder. Ends the server the quick way, then waits until its lock file is gone.
const WATCH: &str = r#"
read -r _
pid=$(head -n 1 "$1/data/postmaster.pid" 2>/dev/null)
if [ -n "$pid" ]; then
    kill -QUIT "$pid"
    tries=0
    while [ -e "$1/data/postmaster.pid" ] && [ "$tries" -lt 100 ]; do
        tries=$((tries + 1))
        sleep 0.05
    done
fi
rm -rf "$1"
"#;

/// Starts `$1` with the folder `$2` and leaves it behind: nobody's child, and of a session of its own where there is a
/// command for that. Ctrl-C, and whoever kills the tests with all their children, must not reach the one that clears up.
const LEAVE: &str = r#"
exec 3<&0
"$(command -v setsid || command -v env)" sh -c "$1" watch "$2" <&3 &
"#;

/// A running server in a folder of its own.
pub(crate) struct Server {
    programs: PathBuf,
    folder: PathBuf,
    /// User and group to run as when this process is root's: PostgreSQL refuses root.
    nobody: Option<(u32, u32)>,
    /// The watching shell waits for its other end to close.
    _watch: Option<ChildStdin>,
}

impl Server {
    /// Makes and starts a server.
    pub(crate) fn start() -> Result<Server, String> {
        let programs = programs().ok_or(MISSING)?;
        let folder = folder().map_err(|e| format!("no folder for it in {}: {e}", std::env::temp_dir().display()))?;
        let mut watch = Command::new("sh")
            .args(["-c", LEAVE, "leave", WATCH])
            .arg(&folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .map_err(|e| format!("sh: {e}"))?;
        let pipe = watch.stdin.take();
        watch.wait().map_err(|e| format!("sh: {e}"))?;
        let nobody = nobody(&folder)?;
        let server = Server { programs, folder, nobody, _watch: pipe };
        let fresh = ["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"];
        server.run("initdb", &[&fresh[..], &["--pgdata", &server.data()]].concat())?;
        let settings = server.folder.join("data/postgresql.conf");
        let socket = server.folder.display().to_string().replace('\'', "''");
        let mut settings = OpenOptions::new().append(true).open(settings).map_err(|e| e.to_string())?;
        writeln!(settings, "{SETTINGS}unix_socket_directories = '{socket}'").map_err(|e| e.to_string())?;
        server.control("start")?;
        Ok(server)
    }

    /// `start`, `stop` at once, or `promote`; done when it returns.
    pub(crate) fn control(&self, what: &str) -> Result<(), String> {
        let log = self.folder.join("log").display().to_string();
        self.run("pg_ctl", &[what, "--wait", "--silent", "--mode=fast", "--log", &log, "--pgdata", &self.data()])
    }

    /// Makes an empty database, and says how to connect to it.
    pub(crate) fn database(&self) -> Result<String, String> {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let name = format!("t{}", NEXT.fetch_add(1, Ordering::Relaxed));
        let socket = self.folder.display().to_string();
        self.run("createdb", &["--host", &socket, "--username=postgres", "--maintenance-db=postgres", &name])?;
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
        let byte = |b: u8| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") };
        let host: String = socket.bytes().map(byte).collect();
        Ok(format!("postgres://postgres@{host}/{name}"))
    }

    fn data(&self) -> String {
        self.folder.join("data").display().to_string()
    }

    /// Runs one of PostgreSQL's programs to its end. What it prints goes to a file and not to a pipe, which the server
    /// that it leaves behind would hold open.
    pub(crate) fn run(&self, program: &str, arguments: &[&str]) -> Result<(), String> {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let said = self.folder.join(format!("{program}-{}", NEXT.fetch_add(1, Ordering::Relaxed)));
        let failed = |e: io::Error| format!("{program}: {e}");
        let file = OpenOptions::new().create(true).append(true).open(&said).map_err(failed)?;
        let mut command = Command::new(self.programs.join(program));
        command.args(arguments).current_dir(&self.folder).stdin(Stdio::null()).process_group(0);
        command.stdout(file.try_clone().map_err(failed)?).stderr(file);
        if let Some((user, group)) = self.nobody {
            command.uid(user).gid(group);
        }
        let ended = command.status().map_err(failed)?;
        let text = std::fs::read_to_string(&said).unwrap_or_default();
        std::fs::remove_file(&said).map_err(failed)?;
        if ended.success() { Ok(()) } else { Err(format!("{program} failed: {}", text.trim())) }
    }
}

/// Where `initdb` and its neighbours are.
fn programs() -> Option<PathBuf> {
    let has_initdb = |folder: &PathBuf| folder.join("initdb").is_file();
    if let Some(named) = std::env::var_os("PG_BIN") {
        return Some(PathBuf::from(named)).filter(has_initdb);
    }
    let version = |folder: &PathBuf| folder.file_name()?.to_str()?.parse::<f32>().ok();
    let installed = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().map(|entry| entry.path());
    let mut installed: Vec<PathBuf> = installed.filter(|folder| has_initdb(&folder.join("bin"))).collect();
    installed.sort_by(|a, b| version(a).partial_cmp(&version(b)).unwrap_or(std::cmp::Ordering::Equal));
    let newest = installed.pop().map(|folder| folder.join("bin"));
    newest.or_else(|| std::env::split_paths(&std::env::var_os("PATH")?).find(has_initdb))
}

/// A new folder with a short name: the path of a socket has about a hundred bytes.
fn folder() -> io::Result<PathBuf> {
    let mut turn = 0;
    loop {
        let folder = std::env::temp_dir().join(format!("bizauth-pg-{}-{turn}", std::process::id()));
        match DirBuilder::new().mode(0o700).create(&folder) {
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => turn += 1,
            made => return made.map(|()| folder),
        }
    }
}

/// Whom to run as if this process is root's, which then owns its new `folder`; gives the folder away.
fn nobody(folder: &Path) -> Result<Option<(u32, u32)>, String> {
    if folder.metadata().map_err(|e| e.to_string())?.uid() != 0 {
        return Ok(None);
    }
    let number = |which: &str| {
        let said = Command::new("id").args([which, "nobody"]).output().ok()?.stdout;
        String::from_utf8(said).ok()?.trim().parse().ok()
    };
    let (Some(user), Some(group)) = (number("-u"), number("-g")) else {
        return Err("PostgreSQL refuses root, and there is no user nobody; run the tests as another user".to_owned());
    };
    chown(folder, Some(user), Some(group)).map_err(|e| format!("chown {}: {e}", folder.display()))?;
    Ok(Some((user, group)))
}
