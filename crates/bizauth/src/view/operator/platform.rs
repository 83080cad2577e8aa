//! The platform as a whole: maintenance mode, and the settings this node runs with.

use super::Desk;
use super::sheet::{Field, Part, Sheet, Table, badge, mono, text};
use crate::view::kit::{Badge, Fields, Tone};

/// Maintenance mode and the settings: name, value, where it comes from.
pub fn page(desk: Desk<'_>, maintenance: bool, settings: Vec<(String, String, String)>, fields: Fields) -> Sheet {
    let state = match maintenance {
        true => Badge::new(Tone::Warn, desk.say("op-maintenance-on")),
        false => Badge::new(Tone::Good, desk.say("op-maintenance-off")),
    };
    let (button, say) = match maintenance {
        true => ("op-maintenance-end", "op-maintenance-on-text"),
        false => ("op-maintenance-begin", "op-maintenance-off-text"),
    };
    let to = if maintenance { "/operator/platform/open" } else { "/operator/platform/close" };
    let mut list = vec![Field::MayArea("reason", "op-reason")];
    if !maintenance {
        list.push(Field::Check("sure", "op-sure-maintenance"));
    }
    let form = desk.form(to, fields, list, button).grave_if(!maintenance);
    let row = |(name, value, source): (String, String, String)| {
        let value = if value.is_empty() { text("–") } else { mono(value) };
        // Flags and variables are called what they are called; only what is nobody's choice has a word.
        let source = if source == "default" { desk.say("op-source-default") } else { source };
        vec![mono(name), value, text(source)]
    };
    let table = Table {
        columns: ["op-setting", "op-value", "op-source"].map(|key| desk.say(key)).to_vec(),
        rows: settings.into_iter().map(row).collect(),
        empty: "op-no-settings",
        ..Table::default()
    };
    let facts = Part::Facts(vec![(desk.say("op-state"), badge(state))]);
    let (heading, said) = (desk.say("nav-platform"), desk.say(say));
    Sheet::new(desk.frame, heading).card("maintenance", "op-maintenance", vec![facts, Part::Text(said), form]).card(
        "settings",
        "op-settings",
        vec![Part::Table(table)],
    )
}
