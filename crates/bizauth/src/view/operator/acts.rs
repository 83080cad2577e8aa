//! What the audit log knows: every act, and every kind of thing that it was done to, as the records call them and as the
//! pages do.

use crate::view::Frame;
use crate::view::kit::Pick;

/// All acts that are written down.
pub const ACTS: [&str; 98] = [
    "account.business_centre",
    "account.create",
    "account.email_verified",
    "account.external_id",
    "account.lift_developer_sanction",
    "account.make_operator",
    "account.password",
    "account.sanction_developer",
    "account.state",
    "account.unmake_operator",
    "app.create",
    "app.delete",
    "app.kind",
    "app.lift_sanction",
    "app.quota",
    "app.rename",
    "app.sanction",
    "app.transfer",
    "asset.add",
    "asset.hold",
    "asset.keep",
    "asset.lose",
    "asset.remove",
    "asset.rename",
    "asset.withdraw",
    "audit.trim",
    "catalogue.add_group",
    "catalogue.add_item",
    "catalogue.group",
    "catalogue.item",
    "catalogue.keep",
    "catalogue.raise_group",
    "catalogue.raise_item",
    "consent.give",
    "consent.withdraw",
    "device.forget",
    "device.forget_all",
    "directory.cursor",
    "directory.delete",
    "directory.put",
    "icon.remove",
    "icon.set",
    "import.check",
    "import.finish",
    "import.rows",
    "import.start",
    "invitation.cancel",
    "invitation.decline",
    "invitation.make",
    "ip_list.discard",
    "ip_list.draft",
    "ip_list.publish",
    "ip_webhook.add",
    "ip_webhook.remove",
    "ip_webhook.reseal",
    "ip_webhook.retry",
    "item.off",
    "item.on",
    "key.callers",
    "key.create",
    "key.delete",
    "key.disable",
    "key.enable",
    "key.end_overlap",
    "key.issue_secret",
    "key.may_read_ips",
    "key.pkce",
    "key.rename",
    "key.secret_state",
    "master_key.reseal",
    "member.add",
    "member.join",
    "member.remove",
    "member.role",
    "operator_key.create",
    "operator_key.revoke",
    "permission.grant",
    "permission.take",
    "platform.maintenance",
    "recovery_codes.replace",
    "redirect_uri.add",
    "redirect_uri.remove",
    "request.grant",
    "request.make",
    "request.refuse",
    "request.withdraw",
    "restore.accept",
    "second_factor.begin",
    "second_factor.confirm",
    "second_factor.disable",
    "second_factor.refuse",
    "second_factor.remove",
    "session.begin",
    "session.end",
    "session.end_all",
    "session.end_others",
    "token.revoke",
    "token.withdraw",
];

/// All kinds of things, each with the key of its word.
pub const KINDS: [(&str, &str); 13] = [
    ("account", "op-on-account"),
    ("app", "op-on-app"),
    ("request", "op-on-request"),
    ("asset", "op-on-asset"),
    ("import", "op-on-import"),
    ("directory", "op-on-directory"),
    ("group", "op-on-group"),
    ("item", "op-on-item"),
    ("operator_key", "op-on-operator-key"),
    ("ip_list", "op-on-ip-list"),
    ("ip_webhook", "op-on-ip-webhook"),
    ("ip_delivery", "op-on-ip-delivery"),
    ("platform", "op-on-platform"),
];

/// What was done, in words; an act unknown here is shown as it is.
pub fn act(frame: &Frame, act: &str) -> String {
    let key = format!("op-act-{}", act.replace(['.', '_'], "-"));
    if frame.words.has(&key) { frame.say(&key) } else { act.to_owned() }
}

/// The acts to choose from, in the order of their words. One that was asked for is among them, whatever it is.
pub fn acts(frame: &Frame, asked: &str) -> Vec<Pick> {
    let mut picks: Vec<Pick> = ACTS.iter().map(|name| Pick::new(*name, act(frame, name))).collect();
    picks.sort_by(|a, b| a.text.cmp(&b.text));
    with(picks, asked)
}

/// The kinds of things to choose from.
pub fn kinds(frame: &Frame, asked: &str) -> Vec<Pick> {
    with(KINDS.iter().map(|(name, key)| Pick::new(*name, frame.say(key))).collect(), asked)
}

fn with(mut picks: Vec<Pick>, asked: &str) -> Vec<Pick> {
    if !asked.is_empty() && picks.iter().all(|pick| pick.value != asked) {
        picks.push(Pick::new(asked, asked));
    }
    picks
}
