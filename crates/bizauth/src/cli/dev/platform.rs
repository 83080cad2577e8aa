//! What a platform is started with, by whichever command.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use crate::cli::output::Output;
use crate::cli::refusal::{misused, refuse};
use crate::clock::Clock;
use crate::config::{self, LogFormat};
use crate::dev::authority::{self, Authority, Made};
use crate::dev::guard::{Guard, Others};
use crate::dev::{Dev, Setup};

use super::beginning::Beginning;
use super::running::Running;

/// Where it listens, and as whom.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Platform {
    /// Let --listen name an address that other machines reach. Whoever reaches the port then holds every key, secret,
    /// token and password of the demo, and the control surface with all its faults and clocks
    #[arg(long)]
    listen_beyond_loopback: bool,
    /// Keep the local certificate authority in this folder [default: bizauth/dev-ca in $XDG_DATA_HOME or ~/.local/share]
    #[arg(long, value_name = "DIR")]
    ca_dir: Option<PathBuf>,
    /// What the proxy does with other destinations than the platform's two hosts; those that are refused are counted
    /// [default: refuse]
    #[arg(long, value_name = "WHAT", value_enum)]
    others: Option<Choice>,
    /// What to log to stderr, as `bizauth serve --log` takes it; `info` has a line for each request. Without it `dev exec`
    /// logs what is broken, and `dev` all but those lines where stderr is a terminal: they would push the banner away
    #[arg(long, value_name = "FILTER", value_parser = filter)]
    log: Option<String>,
    #[command(flatten)]
    beginning: Beginning,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Choice {
    /// Refuse them
    Refuse,
    /// Connect them
    Pass,
}

/// A platform that listens, with what was made for it.
pub(super) struct Started {
    pub(super) dev: Dev,
    pub(super) address: SocketAddr,
    authority: Option<Arc<Authority>>,
    pub(super) guard: Option<Arc<Guard>>,
}

fn filter(text: &str) -> Result<String, &'static str> {
    let reads = !text.trim().is_empty() && tracing_subscriber::EnvFilter::try_new(text).is_ok();
    reads.then(|| text.to_owned()).ok_or("not a filter, such as info or warn,bizauth=debug")
}

impl Platform {
    /// One that is not started: only its authority is asked for.
    pub(super) fn keeping(ca_dir: Option<PathBuf>) -> Self {
        Platform { listen_beyond_loopback: false, ca_dir, others: None, log: None, beginning: Beginning::default() }
    }

    /// The authority of these flags; none where the user has no home.
    pub(super) fn authority(&self) -> Option<Authority> {
        let folder = self.ca_dir.clone().or_else(|| Authority::home(config::environment));
        folder.map(Authority::at)
    }

    /// The same, there and valid.
    pub(super) fn made_authority(&self, output: &mut Output) -> anyhow::Result<Authority> {
        let authority = self.authority().ok_or_else(|| {
            refuse("there is no home folder to keep a certificate authority in", "name a folder with --ca-dir")
        })?;
        let made = authority.make().map_err(|error| told(&error))?;
        let file = authority.certificate();
        match made {
            Made::Found => {}
            Made::New => output.note(&format!("made a certificate authority; clients are to trust {}", file.display())),
            Made::Renewed => output.note(&format!("renewed the certificate of the authority, {}", file.display())),
        }
        Ok(authority)
    }

    /// Starts the log of this process: as it was asked for, or else like this.
    pub(super) fn log(&self, unless: &'static str) -> anyhow::Result<&str> {
        let filter = self.log.as_deref().unwrap_or(unless);
        crate::log::start(filter, LogFormat::Text)?;
        Ok(filter)
    }

    /// Starts it, where `log` is what is logged. `proxied`: with a proxy before it.
    pub(super) async fn start(
        &self,
        listen: SocketAddr,
        (proxied, log): (bool, &str),
        output: &mut Output,
    ) -> anyhow::Result<Started> {
        self.check(listen, output)?;
        if self.others.is_some() && !proxied {
            return Err(misused(
                "--others says what the proxy does, and there is none",
                "add --intercept to `bizauth dev exec`, or --proxy to `bizauth dev`",
            ));
        }
        let setup = Setup { log: Some(log.to_owned()), ..self.beginning.setup()? };
        let authority = match proxied || self.ca_dir.is_some() {
            true => Some(self.made_authority(output)?),
            // Whoever trusts it has had it made; until then nothing is left behind in anybody's home.
            false => self.authority(),
        };
        let authority = authority.map(Arc::new);
        let guard = proxied.then(|| {
            let guard = Guard::new();
            guard.name(Vec::new(), self.others());
            Arc::new(guard)
        });
        let dev = Dev::start(listen, setup).await?.behind(authority.clone(), guard.clone());
        let address = dev.address();
        Ok(Started { dev, address, authority, guard })
    }

    pub(super) fn others(&self) -> Others {
        match self.others {
            None | Some(Choice::Refuse) => Others::Refuse,
            Some(Choice::Pass) => Others::Pass,
        }
    }

    /// Refuses to be reached from elsewhere unless that was asked for.
    pub(super) fn check(&self, listen: SocketAddr, output: &mut Output) -> anyhow::Result<()> {
        if listen.ip().is_loopback() {
            return Ok(());
        }
        if !self.listen_beyond_loopback {
            return Err(misused(
                format!("{listen} is not a loopback address: others could reach the demo, and its keys are no secret"),
                "take one such as 127.0.0.1:8080, or add --listen-beyond-loopback; `bizauth serve` is for the real thing",
            ));
        }
        output.note(&format!(
            "warning: whoever reaches {listen} holds every key, secret and token of this platform, and its control surface"
        ));
        Ok(())
    }
}

impl Started {
    /// What is written down for other commands.
    pub(super) fn running(&self, log: Option<PathBuf>) -> anyhow::Result<Running> {
        let pid = std::process::id();
        let mark = super::process::mark(pid);
        Ok(Running {
            pid,
            mark: mark.ok_or_else(|| refuse("the system does not tell about processes", "see that /proc is there"))?,
            since: Clock::System.now().to_utc(),
            address: self.address,
            log,
            certificate: self.authority.as_ref().map(|authority| authority.certificate()),
            proxy: self.guard.as_ref().map(|guard| guard.named().1),
            banner: serde_json::from_str(&self.dev.banner.to_json())?,
            text: self.dev.banner.to_string(),
        })
    }
}

/// What is wrong with an authority, and what to do about it.
fn told(error: &authority::Error) -> anyhow::Error {
    use authority::Error::{Exposed, File, Foreign, Unmade};
    let hint = match error {
        File(..) => "see that the folder is yours to write, or name another one with --ca-dir",
        Exposed { .. } => {
            "if nobody else can have had the key, close it with chmod; otherwise remove the folder, and a new one is made"
        }
        Foreign { .. } => "remove ca.pem and ca-key.pem to have new ones made, or name another folder with --ca-dir",
        Unmade(_) => "try once more; if it stays, it is a bug worth reporting",
    };
    let source = std::error::Error::source(error).map(|source| format!(": {source}")).unwrap_or_default();
    refuse(format!("{error}{source}"), hint)
}
