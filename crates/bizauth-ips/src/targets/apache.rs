//! Apache httpd: the `Require ip` lines of the chosen services, for an `Include` inside a `<Location>`.

use std::fmt::Write;

use super::{MADE, Target, Trial, heading};
use crate::picture::Picture;

pub(super) const TARGET: Target = Target {
    name: "apache",
    about: "Require ip lines for a <Location>",
    render: |picture| Ok(render(picture)),
    trial: Some(Trial {
        program: &["apache2", "-t", "-f", "{AROUND}"],
        around: Some(
            "ServerRoot /usr/lib/apache2\nServerName trial\nErrorLog /dev/null\nPidFile /dev/null\nListen 127.0.0.1:1\n\
             LoadModule mpm_event_module modules/mod_mpm_event.so\nLoadModule authz_core_module modules/mod_authz_core.so\n\
             LoadModule authz_host_module modules/mod_authz_host.so\n<Location />\nInclude {FILE}\n</Location>\n",
        ),
    }),
    live: None,
};

fn render(picture: &Picture) -> String {
    let mut text = format!("# {MADE}\n");
    for group in &picture.groups {
        let _ = writeln!(text, "# {}", heading(group));
    }
    let union = picture.union();
    // An empty block would be refused by Apache; "nobody" is what no address means.
    if union.is_empty() {
        return text + "Require all denied\n";
    }
    text.push_str("<RequireAny>\n");
    for network in union.networks() {
        let _ = writeln!(text, "    Require ip {network}");
    }
    text.push_str("</RequireAny>\n");
    text
}
