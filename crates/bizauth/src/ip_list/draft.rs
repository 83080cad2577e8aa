//! The draft of the next version: what operators change step by step, until it is published whole.
//!
//! It is a document as it is imported, so that it may be wrong while somebody is at it; what is wrong with it is said all
//! the time, and nothing of it is published before nothing is. It begins with the list as it is today, with what was
//! announced and has come folded in, and dates itself: nobody types the day of the last change.

use bizauth_client::IpDocument;
use bizauth_core::ips::{Edition, IpList, Service, Terms, Verdict};
use bizauth_core::time::Time;
use bizauth_store::{By, Draft, Kept, NewVersion, Publication, Published, Store};
use jiff::civil::Date;

use super::source::document_of;
use super::terms;
use crate::config::Config;
use crate::ip_document::{Flaws, list_from_document};

/// The draft as it is worked on, with what it is held against.
#[derive(Debug)]
pub struct Working {
    /// What is in it.
    pub document: IpDocument,
    /// What the records say of it; `None` while nobody has changed anything.
    pub kept: Option<Draft>,
    /// The newest version.
    pub newest: Option<Published>,
    /// What it will be judged by.
    pub terms: Terms,
}

/// A draft that was read and judged.
#[derive(Debug)]
pub struct Judged {
    /// The list that it is, dated, or why it is none.
    pub list: Result<IpList, Flaws>,
    /// What there is to say about the list.
    pub verdict: Verdict,
}

impl Working {
    /// The draft, or what it would begin with.
    pub async fn open(store: &Store, config: &Config, now: Time) -> bizauth_store::Result<Working> {
        let (kept, newest) = (store.ip_draft().await?, store.published_ips().await?);
        let terms = terms(config, now);
        let document = match (&kept, &newest) {
            // Nobody but we write drafts, so one that cannot be read is one of another version: it begins anew.
            (Some(draft), _) => IpDocument::from_json(draft.content.as_bytes()).ok(),
            (None, Some(newest)) => newest.list.folded(terms.today).ok().map(|list| document_of(&list)),
            (None, None) => None,
        };
        let document = document.unwrap_or_else(|| IpDocument {
            inbound: Some(Vec::new()),
            outbound: Some(Vec::new()),
            updated_date: terms.today.to_string(),
        });
        Ok(Working { document, kept, newest, terms })
    }

    /// Which change of the draft this is; 0 while there is none.
    pub fn revision(&self) -> i64 {
        self.kept.as_ref().map_or(0, |draft| draft.revision)
    }

    /// The version that it began with; 0 if there was none.
    pub fn based_on(&self) -> i64 {
        let newest = self.newest.as_ref().map_or(0, |newest| newest.serial);
        self.kept.as_ref().map_or(newest, |draft| draft.based_on)
    }

    /// Whether another version was published since it began. It is not published then: it would undo that one.
    pub fn is_overtaken(&self) -> bool {
        self.newest.as_ref().map_or(0, |newest| newest.serial) != self.based_on()
    }

    /// The newest version's edition of today.
    pub fn edition(&self) -> Option<Edition> {
        self.newest.as_ref().map(|newest| newest.list.on(self.terms.today))
    }

    /// What is to be said of it.
    pub fn judged(&self) -> Judged {
        judge(&self.document, self.newest.as_ref(), &self.terms)
    }

    /// Keeps it in place of the one that was read, of this revision.
    pub async fn keep(&self, by: &By, read: i64) -> bizauth_store::Result<Kept> {
        let content = serde_json::to_string(&self.document).unwrap_or_default();
        by.keep_ip_draft(content, self.based_on(), read).await
    }

    /// Publishes it, if it is still the one that was read.
    pub async fn publish(&self, by: &By, read: i64) -> bizauth_store::Result<Result<Publication, Flaws>> {
        if read != self.revision() || self.is_overtaken() {
            return Ok(Ok(Publication::Overtaken));
        }
        let list = match self.judged().list {
            Ok(list) => list,
            Err(flaws) => return Ok(Err(flaws)),
        };
        let version = NewVersion {
            list,
            terms: self.terms.clone(),
            draft: self.kept.as_ref().map(|draft| draft.revision),
            follows: Some(self.based_on()),
        };
        by.publish_ips(version).await.map(Ok)
    }
}

/// Reads and judges a document as the next version.
pub fn judge(document: &IpDocument, newest: Option<&Published>, terms: &Terms) -> Judged {
    let edition = newest.map(|newest| newest.list.on(terms.today));
    let list = list_from_document(document).map(|list| dated(&list, edition.as_ref(), terms.today));
    let before = newest.map(|newest| &*newest.list);
    let verdict = list.as_ref().map(|list| list.verdict(before, terms)).unwrap_or_default();
    Judged { list, verdict }
}

/// The same list with its days of change: today for what differs from the edition of today, and what it was for the rest.
fn dated(list: &IpList, edition: Option<&Edition>, today: Date) -> IpList {
    let mut changed = edition.is_none_or(|it| it.services().count() != list.services().count());
    let mut service = |rule, it: &Service| {
        let known = edition.and_then(|edition| {
            edition.services().find(|(of, known)| *of == rule && known.name == it.name).map(|(_, known)| known)
        });
        let same = known.filter(|known| Service { updated: known.updated, ..it.on(today) } == **known);
        changed |= same.is_none();
        Service { updated: same.map_or(today, |known| known.updated), ..it.clone() }
    };
    let mut all = |rule, services: &[Service]| services.iter().map(|it| service(rule, it)).collect::<Vec<_>>();
    let inbound = all(bizauth_core::ips::RuleType::Inbound, list.inbound());
    let outbound = all(bizauth_core::ips::RuleType::Outbound, list.outbound());
    let updated = edition.filter(|_| !changed).map_or(today, |edition| edition.updated);
    IpList::new(inbound, outbound, updated).expect("another day is no flaw")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_changed_is_dated_today() {
        let list = crate::ip_document::read(include_bytes!("ips.json")).unwrap();
        let day = |text: &str| -> Date { text.parse().unwrap() };
        let today = day("2023-06-30");
        let (edition, folded) = (list.on(today), list.folded(today).unwrap());
        assert_eq!(dated(&folded, Some(&edition), today), folded, "nothing changed");
        let stamps = |it: &IpList| it.outbound().iter().map(|it| it.updated.to_string()).collect::<Vec<_>>();
        let unfolded = dated(&list, Some(&edition), today);
        assert_eq!(stamps(&unfolded), stamps(&folded), "what has come is no change either");
        let mut outbound = folded.outbound().to_vec();
        outbound[0].ports = vec![444];
        let other = IpList::new(folded.inbound().to_vec(), outbound, folded.updated()).unwrap();
        let stamped = dated(&other, Some(&edition), today);
        assert_eq!(stamps(&stamped), ["2023-06-30", "2023-06-30", "2023-06-30", "2023-06-28"]);
        assert_eq!((stamped.updated(), stamped.inbound()[0].updated), (today, day("2023-06-28")));
        assert_eq!(dated(&other, None, today).inbound()[0].updated, today);
        let fewer = IpList::new(folded.inbound().to_vec(), vec![], folded.updated()).unwrap();
        assert_eq!(dated(&fewer, Some(&edition), today).updated(), today);
    }
}
