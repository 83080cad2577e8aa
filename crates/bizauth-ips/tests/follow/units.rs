//! The units that come with bizauth: systemd reads them without a word.

use std::fs;
use std::path::Path;
use std::process::Command;

/// What systemd says of the units, with this changed in them.
fn said_of_the_units(from: &str, to: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new("systemd-analyze");
    command.arg("verify");
    for name in ["bizauth.service", "bizauth-ips.service", "bizauth-ips.timer"] {
        let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy").join(name)).unwrap();
        // Where they look for the program nothing is installed.
        let text = text.replace("/usr/bin/bizauth", "/bin/true").replace(from, to);
        fs::write(folder.path().join(name), text).unwrap();
        command.arg(folder.path().join(name));
    }
    let output = command.output().expect("systemd-analyze is there (Debian: systemd)");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn systemd_has_nothing_to_say_about_the_units() {
    assert_eq!(said_of_the_units("", ""), "");
    let misspelt = said_of_the_units("ProtectHome=", "ProtectHomes=");
    assert!(misspelt.contains("ProtectHomes"), "what is wrong is seen: {misspelt:?}");
    let untimely = said_of_the_units("OnCalendar=", "OnCalendar=sometimes ");
    assert!(untimely.contains("sometimes"), "{untimely:?}");
}
