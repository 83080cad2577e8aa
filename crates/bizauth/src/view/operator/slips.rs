//! What can be wrong with what an operator typed: the keys of the sentences beside the fields.

/// It is no e-mail address.
pub const EMAIL: &str = "op-slip-email";
/// There is an account of this address.
pub const EMAIL_TAKEN: &str = "op-slip-email-taken";
/// There is no account of this address.
pub const NOBODY: &str = "op-slip-nobody";
/// Nothing was typed.
pub const EMPTY: &str = "op-slip-empty";
/// An id says nothing without the kind of its thing.
pub const KIND_MISSING: &str = "op-slip-kind-missing";
/// A kind of thing is looked for by the id of one.
pub const ID_MISSING: &str = "op-slip-id-missing";
/// It is too long.
pub const LONG: &str = "op-slip-long";
/// It is not one line of text.
pub const LINE: &str = "op-slip-line";
/// One has to be chosen.
pub const CHOOSE: &str = "op-slip-choose";
/// What cannot be undone has to be confirmed.
pub const SURE: &str = "op-slip-sure";
/// The last operator stays one.
pub const LAST_OPERATOR: &str = "op-slip-last-operator";
/// An account that is not in good standing cannot operate.
pub const NOT_ACTIVE: &str = "op-slip-not-active";
/// It is no number.
pub const NUMBER: &str = "op-slip-number";
/// It is no date.
pub const DATE: &str = "op-slip-date";
/// A date that is over.
pub const PAST: &str = "op-slip-past";
/// It cannot be an id.
pub const ID: &str = "op-slip-id";
/// It cannot be the id of a new group.
pub const GROUP_ID: &str = "op-slip-group-id";
/// An item's id begins with its group's.
pub const PREFIX: &str = "op-slip-prefix";
/// The id is taken.
pub const TAKEN: &str = "op-slip-taken";
/// The group has assets.
pub const HAS_ASSETS: &str = "op-slip-has-assets";
/// The group has channels only.
pub const CHANNELS: &str = "op-slip-channels";
/// The request cannot be granted.
pub const IMPOSSIBLE: &str = "op-slip-impossible";
/// The request was decided before; who and how is said.
pub const DECIDED: &str = "op-slip-decided";
/// Nobody decided it: it was taken back, or went with its app.
pub const TAKEN_BACK: &str = "op-slip-taken-back";
/// It is no network.
pub const NETWORK: &str = "ip-slip-network";
/// They are no ports.
pub const PORTS: &str = "ip-slip-ports";
/// Another service of the list is called so.
pub const SERVICE_TAKEN: &str = "ip-slip-service-taken";
/// Somebody else changed the draft, or published a version, meanwhile.
pub const DRAFT_OVERTAKEN: &str = "ip-slip-overtaken";
/// The draft must not be published as it is.
pub const DRAFT_REFUSED: &str = "ip-slip-refused";
/// No webhook may go there.
pub const WEBHOOK: &str = "ip-slip-webhook";
/// A webhook goes there already.
pub const WEBHOOK_TAKEN: &str = "ip-slip-webhook-taken";
/// Nothing can be sealed: there is no master key.
pub const NO_MASTER_KEY: &str = "ip-slip-no-master-key";
/// A test app stays one.
pub const TEST_APP: &str = "op-slip-test-app";
