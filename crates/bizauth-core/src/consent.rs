//! The answer to a consent screen: what a person may agree to, and what comes of it.
//!
//! Every item is required; what the person chooses is the assets.

use std::collections::BTreeSet;

use crate::asset::{AssetId, Holding};
use crate::authorize::{Asked, Wanted};
use crate::id::HoldingId;
use crate::scope::GroupId;

/// What a person chose for one group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    /// All of the group, now and in future: an explicit choice, never the default.
    pub all: bool,
    /// The assets that are ticked.
    pub picked: BTreeSet<String>,
}

/// What a person lends of one group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Grant {
    /// All of it, present and future.
    All,
    /// These holdings.
    These(Vec<(HoldingId, AssetId)>),
}

/// Why a choice cannot be granted, beside the group it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// Nothing was ticked.
    NothingPicked,
    /// Something was ticked that the person may not lend, or no longer.
    NotLendable,
}

/// Something of each of some groups.
pub type OfGroups<T> = Vec<(GroupId, T)>;

/// Turns choices into grants: for each group asked for, in order. `choice` gives what was ticked, `holdings` are the
/// account's holdings that were named or ticked, as they are now.
///
/// # Errors
/// Every group whose choice does not fit, each with why.
pub fn grant(
    asked: &Asked,
    choice: impl Fn(&GroupId) -> Choice,
    holdings: &[Holding],
) -> Result<OfGroups<Grant>, OfGroups<Unfit>> {
    let these = |group: &GroupId, ids: &mut dyn Iterator<Item = String>| {
        let find = |id: String| {
            let fits = |held: &&Holding| held.group == *group && held.asset.0 == id && held.lendable;
            holdings.iter().find(fits).map(|held| (held.id, held.asset.clone()))
        };
        let found: Option<Vec<_>> = ids.map(find).collect();
        match found {
            None => Err((group.clone(), Unfit::NotLendable)),
            Some(found) if found.is_empty() => Err((group.clone(), Unfit::NothingPicked)),
            Some(found) => Ok((group.clone(), Grant::These(found))),
        }
    };
    let judge = |(group, wanted): &(GroupId, Wanted)| match wanted {
        Wanted::All => Ok((group.clone(), Grant::All)),
        Wanted::Named(ids) => these(group, &mut ids.iter().map(|id| id.0.clone())),
        Wanted::Choice => match choice(group) {
            Choice { all: true, .. } => Ok((group.clone(), Grant::All)),
            Choice { picked, .. } => these(group, &mut picked.into_iter()),
        },
    };
    let (mut grants, mut unfit) = (Vec::new(), Vec::new());
    for judged in asked.wanted.iter().map(judge) {
        match judged {
            Ok(grant) => grants.push(grant),
            Err(group) => unfit.push(group),
        }
    }
    if unfit.is_empty() { Ok(grants) } else { Err(unfit) }
}
