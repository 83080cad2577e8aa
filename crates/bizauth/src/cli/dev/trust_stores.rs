//! Files that tell clients whom to trust, where the authority's certificate alone will not do.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::cli::output::Output;
use crate::cli::refusal::unreadable;
use crate::config;
use crate::dev::snippets::{STORE_PASSWORD, TRUSTSTORE};

/// Where systems keep whom they trust.
const OF_SYSTEMS: [&str; 5] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
    "/usr/local/etc/ssl/cert.pem",
];
/// The name of our bundle, beside the certificate.
const BUNDLE: &str = "bundle.pem";

/// Whom the system trusts, or what the caller names instead, and the authority.
pub(super) fn bundle(certificate: &Path) -> anyhow::Result<PathBuf> {
    let told = |path: &Path, error: &io::Error| unreadable(&path.display().to_string(), error);
    let file = certificate.with_file_name(BUNDLE);
    let named = config::environment("SSL_CERT_FILE").map(PathBuf::from);
    // A caller who is intercepted already names this very file.
    let named = named.filter(|named| *named != file && named != certificate);
    let system = named.or_else(|| OF_SYSTEMS.iter().map(PathBuf::from).find(|path| path.is_file()));
    let mut trusted = match &system {
        Some(system) => fs::read(system).map_err(|error| told(system, &error))?,
        None => Vec::new(),
    };
    trusted.push(b'\n');
    trusted.extend(fs::read(certificate).map_err(|error| told(certificate, &error))?);
    let write = || -> io::Result<()> {
        let mut fresh = tempfile::NamedTempFile::new_in(file.parent().unwrap_or(Path::new(".")))?;
        fresh.write_all(&trusted)?;
        fresh.persist(&file)?;
        Ok(())
    };
    write().map_err(|error| told(&file, &error))?;
    Ok(file)
}

/// A store for Java, made with its own tool; nothing where there is no Java, or it does not do its part.
pub(super) fn of_java(certificate: &Path, output: &mut Output) -> Option<PathBuf> {
    let file = certificate.with_file_name(TRUSTSTORE);
    let written = |path: &Path| fs::metadata(path).and_then(|found| found.modified()).ok();
    if written(&file).is_some_and(|made| Some(made) >= written(certificate)) {
        return Some(file);
    }
    // keytool wants to make the file itself, and must not find a half-made one of another run.
    let fresh = file.with_extension(format!("{}.p12", std::process::id()));
    let at_home = config::environment("JAVA_HOME").map(|home| Path::new(&home).join("bin/keytool"));
    let tool = at_home.filter(|tool| tool.is_file()).unwrap_or_else(|| "keytool".into());
    let mut keytool = Command::new(tool);
    keytool
        .args([
            "-importcert",
            "-noprompt",
            "-alias",
            "bizauth-dev",
            "-storetype",
            "PKCS12",
            "-storepass",
            STORE_PASSWORD,
        ])
        .arg("-file")
        .arg(certificate)
        .arg("-keystore")
        .arg(&fresh)
        .env_remove("JAVA_TOOL_OPTIONS")
        .stdin(Stdio::null());
    match keytool.output() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Ok(ended) if ended.status.success() && fs::rename(&fresh, &file).is_ok() => Some(file),
        failed => {
            // What is left of it is of no use to anybody.
            let _ = fs::remove_file(&fresh);
            let why = failed.map_or_else(
                |error| error.to_string(),
                |ended| String::from_utf8_lossy(&[ended.stdout, ended.stderr].concat()).trim().to_owned(),
            );
            output.note(&format!("note: Java is not told whom to trust, keytool failed: {why}"));
            None
        }
    }
}
