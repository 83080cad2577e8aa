//! Who is told of the IP list, what they were told, and a new one.

use bizauth_core::id::WebhookId;
use bizauth_core::time::Time;
use bizauth_store::{Delivery, Leaf, Webhook};

use super::super::Desk;
use super::super::sheet::{Danger, Field, Part, Sheet, Table, badge, link, text, when};
use super::PATH as ABOVE;
use crate::view::Frame;
use crate::view::kit::{Badge, Fields, Tone, Turning};

/// Where the list is.
pub const PATH: &str = "/operator/ip-list/webhooks";

/// The address of one webhook's page.
pub fn path(id: WebhookId) -> String {
    format!("{PATH}/{id}")
}

/// All of them.
pub fn list(desk: Desk<'_>, hooks: &[Webhook]) -> Sheet {
    let desk = desk.below("nav-ip-list", ABOVE);
    let row = |it: &Webhook| vec![link(&it.url, path(it.id)), when(it.made_at), text(&it.made_by)];
    let table = Table {
        columns: ["ip-url", "op-since", "ip-made-by"].map(|key| desk.say(key)).to_vec(),
        rows: hooks.iter().map(row).collect(),
        empty: "ip-no-webhooks",
        empty_link: Some((desk.say("ip-webhook-new"), format!("{PATH}/new"))),
        ..Table::default()
    };
    let heading = desk.say("ip-webhooks");
    let sheet = Sheet::new(desk.frame, heading).about("ip-webhooks-lead");
    sheet.action("ip-webhook-new", format!("{PATH}/new")).card("list", "", vec![Part::Table(table)])
}

/// A new one.
pub fn new(desk: Desk<'_>, fields: Fields) -> Sheet {
    let desk = desk.below("nav-ip-list", ABOVE).below("ip-webhooks", PATH);
    let list = vec![Field::Line("url", "ip-url-field", "url")];
    let form = desk.making(format!("{PATH}/new"), fields, list, PATH);
    let heading = desk.say("ip-webhook-new");
    Sheet::new(desk.frame, heading).about("ip-webhook-new-lead").card("form", "ip-webhook", vec![form])
}

/// One of them, with what it was told. Its secret is shown once.
pub fn one(
    desk: Desk<'_>,
    hook: &Webhook,
    told: &Leaf<Delivery>,
    now: Time,
    secret: Option<String>,
    fields: Fields,
) -> Sheet {
    let desk = desk.below("nav-ip-list", ABOVE).below("ip-webhooks", PATH);
    let at = path(hook.id);
    let row = |it: &Delivery| {
        let act = (it.ended_at.is_some() && !is_told(it)).then(|| {
            let hidden = vec![("delivery", it.id.to_string())];
            desk.act_with(format!("{at}/retry"), ("ip-retry", false), it.serial.to_string(), hidden)
        });
        vec![
            text(event(&desk.frame, it)),
            badge(state(&desk.frame, it, now)),
            text(it.attempts.to_string()),
            text(if it.answer.is_empty() { "–" } else { &it.answer }),
            when(it.ended_at.unwrap_or(it.due_at)),
            act.into_iter().collect(),
        ]
    };
    let columns = ["ip-event", "op-state", "ip-attempts", "ip-answer", "ip-when"].map(|key| desk.say(key));
    let table = Table {
        columns: columns.into_iter().chain([String::new()]).collect(),
        rows: told.rows.iter().map(row).collect(),
        pager: Turning::alone(&at).of(told, |it| it.id.to_string()),
        empty: "ip-nothing-told",
        empty_link: None,
    };
    let facts = vec![(desk.say("op-since"), when(hook.made_at)), (desk.say("ip-made-by"), text(&hook.made_by))];
    let danger = Danger {
        key: "ip-webhook-remove",
        post: desk.post(format!("{at}/remove")),
        fields: fields.for_form("remove"),
        name: hook.url.clone(),
    };
    let secret = secret.map(|value| (desk.say("ip-webhook-secret"), value));
    let mut sheet = Sheet::new(desk.frame, hook.url.clone())
        .card("facts", "ip-webhook", vec![Part::Facts(facts)])
        .card("told", "ip-told", vec![Part::Table(table)]);
    sheet.secret = secret;
    sheet.dangers.push(danger);
    sheet
}

/// Whether the last try was a success: its answer is a status of 2xx.
fn is_told(it: &Delivery) -> bool {
    it.ended_at.is_some() && it.answer.starts_with('2')
}

fn event(frame: &Frame, it: &Delivery) -> String {
    match it.date.as_str() {
        "" => frame.fill("ip-event-published", "serial", it.serial.to_string()),
        date => frame.fill2("ip-event-in-force", &("serial", it.serial.to_string()), &("date", date)),
    }
}

fn state(frame: &Frame, it: &Delivery, now: Time) -> Badge {
    match it.ended_at {
        Some(_) if is_told(it) => Badge::new(Tone::Good, frame.say("ip-delivered")),
        Some(_) => Badge::new(Tone::Bad, frame.say("ip-given-up")),
        None if it.attempts == 0 || it.due_at <= now => Badge::new(Tone::Plain, frame.say("ip-waits")),
        None => Badge::new(Tone::Warn, frame.say("ip-again")),
    }
}
