//! Where an operator begins: what waits, how the platform stands, and on an empty one the way to the first grant.

use bizauth_store::{AuditHead, Waiting};

use super::Desk;
use super::sheet::{Cell, Part, Sheet, badge, link, text};
use crate::view::kit::{Badge, Tone};

/// How much of what waits is counted.
pub const COUNTED: i64 = 100;

/// What the first page shows.
pub struct Overview {
    /// What waits.
    pub waiting: Waiting,
    /// Whether the platform is in maintenance.
    pub maintenance: bool,
    /// Where the audit log ends.
    pub head: AuditHead,
    /// The newest IP list.
    pub ips: Option<i64>,
    /// The steps to a first grant: which of them are done.
    pub steps: [bool; 5],
}

/// The page.
pub fn page(desk: Desk<'_>, it: &Overview) -> Sheet {
    let count = |n: i64| {
        let shown = if n >= COUNTED { format!("{}+", COUNTED - 1) } else { n.to_string() };
        Cell::Number(shown)
    };
    let flagged = |n: i64, href: &str, key: &str| {
        let mut cells = vec![count(n)];
        if n > 0 {
            cells.push(Cell::Link(desk.say(key), href.to_owned()));
        }
        cells
    };
    let maintenance = match it.maintenance {
        true => Badge::new(Tone::Warn, desk.say("op-maintenance-on")),
        false => Badge::new(Tone::Good, desk.say("op-maintenance-off")),
    };
    let waits = vec![
        (desk.say("op-waiting-requests"), flagged(it.waiting.requests, "/operator/requests", "op-look")),
        (
            desk.say("op-waiting-blocked"),
            flagged(it.waiting.blocked, "/operator/accounts?show=blocked", "op-look-blocked"),
        ),
        (
            desk.say("op-waiting-sanctioned"),
            flagged(it.waiting.sanctioned, "/operator/apps?show=sanctioned", "op-look-sanctioned"),
        ),
    ];
    let ips = it.ips.map_or_else(
        || text(desk.say("op-no-ips")),
        |serial| text(desk.frame.fill("op-ips-serial", "n", serial.to_string())),
    );
    let platform = vec![
        (desk.say("op-state"), badge(maintenance)),
        (desk.say("op-ips"), ips),
        (desk.say("nav-audit"), link(desk.frame.fill("op-audit-entries", "n", it.head.seq), "/operator/audit")),
    ];
    let steps = [
        ("op-step-app", "/operator/apps"),
        ("op-step-account", "/operator/accounts/new"),
        ("op-step-asset", "/operator/assets"),
        ("op-step-permission", "/operator/apps"),
        ("op-step-grant", "/operator/apps"),
    ];
    let list =
        steps.iter().zip(it.steps).map(|((key, href), done)| (done, desk.say(key), (*href).to_owned())).collect();
    let begun = it.steps.iter().all(|done| *done);
    let heading = desk.say("operator-home");
    let mut sheet = Sheet::new(desk.frame, heading).about("operator-lead");
    if !begun {
        sheet = sheet.card("steps", "op-steps", vec![Part::Steps(list)]);
    }
    sheet.card("waiting", "op-waiting", vec![Part::Facts(waits)]).card(
        "platform",
        "nav-platform",
        vec![Part::Facts(platform)],
    )
}
