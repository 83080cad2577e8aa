//! What is ticked: across pages and searches, kept with the parked request so that it works without a script.

use std::collections::{BTreeMap, BTreeSet};

use bizauth_core::asset::{AssetId, Holding, Resource};
use bizauth_core::authorize::{Asked, Wanted};
use bizauth_core::consent::Choice;
use bizauth_core::id::{AppId, UserId};
use bizauth_core::scope::GroupId;
use bizauth_store::Earlier;

use crate::http::form::Form;
use crate::http::state::AppState;

/// The most assets one screen keeps ticked. Whoever lends more lends the group.
const MOST: usize = 1000;

/// The choices of all groups. As text: words in the form of `resource_ids`, `moment:1 keyword:*`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Picks {
    groups: BTreeMap<String, Choice>,
    /// Groups of which a form said both "all" and which.
    unclear: BTreeSet<String>,
}

/// What is ticked when a screen is shown first: nothing, or what was lent last time where the person chooses, as far as
/// it is still there to be lent. What is gone stands nowhere on the screen: nobody could take its tick away.
pub async fn first_picks(it: &AppState, (user, app): (UserId, AppId), asked: &Asked) -> bizauth_store::Result<String> {
    let Some(earlier) = it.store.earlier_consent(user, app).await? else { return Ok(String::new()) };
    let picks = Picks::of_last_time(asked, &earlier);
    let holdings = it.store.holdings_named(user, &picks.named()).await?;
    Ok(picks.only(&holdings).to_text())
}

impl Picks {
    /// What was lent last time, where the person chooses.
    fn of_last_time(asked: &Asked, earlier: &Earlier) -> Self {
        let mut picks = Picks::default();
        for (group, asset) in &earlier.assets {
            if asked.wanted.contains(&(group.clone(), Wanted::Choice)) {
                picks.pick(group, asset);
            }
        }
        picks
    }

    /// Reads [`Picks::to_text`]; what is no such word is left out.
    pub(super) fn read(text: &str) -> Self {
        let mut picks = Picks::default();
        for word in text.split_whitespace() {
            match Resource::read(word) {
                Some(Resource::All(group)) => picks.pick(&group, "*"),
                Some(Resource::One(group, id)) => picks.pick(&group, &id.0),
                None => {}
            }
        }
        picks
    }

    fn pick(&mut self, group: &GroupId, asset: &str) {
        let choice = self.groups.entry(group.0.clone()).or_default();
        match asset {
            "*" => choice.all = true,
            id => drop(choice.picked.insert(id.to_owned())),
        }
    }

    /// For the record.
    pub(super) fn to_text(&self) -> String {
        let mut words = Vec::new();
        for (group, choice) in &self.groups {
            words.extend(choice.all.then(|| format!("{group}:*")));
            words.extend(choice.picked.iter().map(|id| format!("{group}:{id}")));
        }
        words.join(" ")
    }

    /// With what a form says: of the assets it showed those that are ticked now, of all others what was before.
    pub(super) fn updated(mut self, asked: &Asked, form: &Form) -> Self {
        for (group, wanted) in &asked.wanted {
            if *wanted != Wanted::Choice {
                continue;
            }
            let choice = self.groups.entry(group.0.clone()).or_default();
            let before = choice.picked.clone();
            match form.get(&format!("choice.{group}")) {
                Some("all") => choice.all = true,
                Some(_) => choice.all = false,
                // Absent means the least.
                None => choice.all = false,
            }
            for shown in form.all(&format!("shown.{group}")) {
                choice.picked.remove(shown);
            }
            for ticked in form.all(&format!("asset.{group}")) {
                let one = matches!(Resource::read(&format!("{group}:{ticked}")), Some(Resource::One(..)));
                if one && choice.picked.len() < MOST {
                    choice.picked.insert(ticked.to_owned());
                }
            }
            // A script sets the ticks aside where "all" is chosen, and says so. Without one somebody who ticks something
            // there may mean that alone: the lesser is taken.
            let aside = form.get(&format!("aside.{group}")) == Some("1");
            if choice.all && choice.picked != before && !aside {
                choice.all = false;
                self.unclear.insert(group.0.clone());
            }
        }
        self
    }

    /// The groups of which the form said both "all" and which.
    pub(super) fn unclear(&self) -> impl Iterator<Item = &str> {
        self.unclear.iter().map(String::as_str)
    }

    /// Whether it is one of these.
    pub(super) fn is_unclear(&self, group: &GroupId) -> bool {
        self.unclear.contains(&group.0)
    }

    /// Without what the account does not hold, or may not lend.
    pub(super) fn only(mut self, holdings: &[Holding]) -> Self {
        for (group, choice) in &mut self.groups {
            choice.picked.retain(|id| {
                holdings.iter().any(|held| held.group.0 == *group && held.asset.0 == *id && held.lendable)
            });
        }
        self
    }

    /// What was chosen for a group.
    pub(super) fn choice(&self, group: &GroupId) -> Choice {
        self.groups.get(&group.0).cloned().unwrap_or_default()
    }

    /// What is ticked in a group.
    pub(super) fn picked(&self, group: &GroupId) -> BTreeSet<String> {
        self.choice(group).picked
    }

    /// Everything that is ticked, for the records to look up.
    pub(super) fn named(&self) -> Vec<(GroupId, AssetId)> {
        let of = |(group, choice): (&String, &Choice)| {
            let group = group.as_str();
            choice.picked.iter().map(|id| (GroupId::from(group), AssetId(id.clone()))).collect::<Vec<_>>()
        };
        self.groups.iter().flat_map(of).collect()
    }
}

#[cfg(test)]
mod tests {
    use bizauth_core::redirect::Destination;

    use super::*;

    fn asked() -> Asked {
        Asked {
            destination: Destination::recall("https://a.example/cb".to_owned()),
            state: None,
            items: Vec::new(),
            wanted: vec![("moment".into(), Wanted::Choice), ("keyword".into(), Wanted::All)],
            challenge: None,
        }
    }

    #[test]
    fn ticks_of_other_pages_stay() {
        for (before, form, after) in [
            ("", "asset.moment=1&shown.moment=1&shown.moment=2", "moment:1"),
            ("moment:1 moment:9", "shown.moment=1&shown.moment=2&asset.moment=2", "moment:2 moment:9"),
            ("moment:1", "choice.moment=all&shown.moment=1&asset.moment=1", "moment:* moment:1"),
            ("moment:* moment:1", "choice.moment=all&shown.moment=1&asset.moment=1", "moment:* moment:1"),
            ("moment:* moment:1", "choice.moment=some", "moment:1"),
            // "All", and another tick than before: what was meant?
            ("moment:*", "choice.moment=all&shown.moment=1&asset.moment=1", "moment:1"),
            ("moment:* moment:1", "choice.moment=all&shown.moment=1", ""),
            ("", "choice.moment=all&shown.moment=1&asset.moment=1&aside.moment=1", "moment:* moment:1"),
            ("moment:*", "", ""),
            ("", "asset.keyword=1&asset.foreign=1&choice.keyword=some", ""),
            ("", "asset.moment=*&asset.moment=a%20b&asset.moment=", ""),
        ] {
            let form = Form::parse(form).unwrap();
            assert_eq!(Picks::read(before).updated(&asked(), &form).to_text(), after, "{before} + {form:?}");
        }
    }

    #[test]
    fn what_was_lent_last_time_is_ticked_where_the_person_chooses() {
        let lent = |group: &str, asset: &str| (GroupId::from(group), asset.to_owned());
        let earlier = Earlier {
            items: Vec::new(),
            assets: vec![lent("moment", "1"), lent("keyword", "5"), lent("moment", "*")],
            agreed_at: bizauth_core::time::Time::from_millis(0),
        };
        assert_eq!(Picks::of_last_time(&asked(), &earlier).to_text(), "moment:* moment:1");
    }
}
