//! The pages of the IP list, filled with what real ones hold, for the tests and for the eye.

use std::sync::Arc;

use bizauth_core::id::{DeliveryId, WebhookId};
use bizauth_core::ips::{RuleType, Terms, revise};
use bizauth_core::secret::Digest;
use bizauth_core::time::Time;
use bizauth_store::{Delivery, Draft, Leaf, Published, Version, Webhook};

use super::super::{Desk, Sheet};
use super::{Preview, Seen, draft, home, preview, version, webhooks};
use crate::ip_document::read;
use crate::ip_list::draft::{Working, judge};
use crate::ip_list::source::document_of;
use crate::view::kit::Fields;

const NOW: Time = Time::from_millis(1_790_000_000_000);
const DAY: &str = "2023-06-29";

fn published() -> Published {
    let version = Version {
        serial: 12,
        published_at: NOW,
        content: Some(Digest([7; 32])),
        author: "lee@bizauth.example".to_owned(),
        reason: "봄 시즌 데이터 센터 이전에 따른 콜백 주소 추가".to_owned(),
    };
    Published {
        serial: 12,
        version,
        list: Arc::new(read(include_bytes!("../../../ip_list/ips.json")).expect("a list")),
    }
}

fn working(text: &str, kept: bool, based_on: i64) -> Working {
    let list = read(text.as_bytes()).expect("a list");
    let draft = Draft {
        revision: 3,
        based_on,
        content: String::new(),
        changed_at: NOW,
        changed_by: "lee@bizauth.example".to_owned(),
    };
    Working {
        document: document_of(&list),
        kept: kept.then_some(draft),
        newest: Some(published()),
        terms: Terms { today: DAY.parse().expect("a day"), allow_reserved: false },
    }
}

fn drafted(desk: Desk<'_>, it: &Working, wrong: Fields) -> Sheet {
    let judged = judge(&it.document, it.newest.as_ref(), &it.terms);
    let list = judged.list.as_ref().expect("a list");
    let changes = revise(it.edition().as_ref(), &list.on(it.terms.today));
    draft::page(desk, it, &judged, &changes, wrong)
}

fn hook() -> Webhook {
    Webhook {
        id: WebhookId(7),
        url: "https://hooks.partner.example/platform/ip-list?tenant=dalbit".to_owned(),
        sealed: Vec::new(),
        made_at: NOW,
        made_by: "lee@bizauth.example".to_owned(),
    }
}

fn delivery(id: i64, ended: Option<Time>, attempts: i64, answer: &str, date: &str) -> Delivery {
    Delivery {
        id: DeliveryId(id),
        webhook: WebhookId(7),
        event: if date.is_empty() { "published" } else { "in_force" }.to_owned(),
        serial: 12,
        date: date.to_owned(),
        made_at: NOW,
        due_at: if attempts > 0 { Time::from_millis(NOW.millis() + 90_000) } else { NOW },
        attempts,
        ended_at: ended,
        answer: answer.to_owned(),
    }
}

/// Every page.
pub fn all<'d>(desk: &dyn Fn(&str) -> Desk<'d>, slip: &dyn Fn(&str) -> String) -> Vec<(&'static str, Sheet)> {
    let today = DAY.parse().expect("a day");
    let none = Leaf { rows: Vec::new(), before: false, after: false };
    let versions = Leaf { rows: vec![published().version], before: true, after: true };
    let seen = |published, draft, versions| Seen { published, draft, versions, today };
    let text = include_str!("../../../ip_list/ips.json");
    let fine = text.replace("\"27.0.236.0/22\"", "\"27.0.236.0/22\", \"1.201.0.0/16\"");
    let wrong = fine.replace("220.64.109.84/31", "10.0.0.0/8");
    let (good, bad) = (working(&fine, true, 12), working(&wrong, true, 12));
    let changes = revise(Some(&published().list.on(today)), &read(fine.as_bytes()).expect("a list").on(today));
    let place = draft::Place { rule: RuleType::Outbound, at: 1 };
    let entry = good.document.outbound.as_deref().expect("there are some")[1].clone();
    let mut refused = Fields::typed([("reason", "")]);
    refused.refuse("reason", slip(super::super::slips::EMPTY));
    let mut no_network = Fields::typed([("ips", "10.0.0"), ("name", "callback"), ("ports", "443")]);
    no_network.refuse("ips", slip(super::super::slips::PORTS));
    let told = Leaf {
        rows: vec![
            delivery(4, None, 0, "", ""),
            delivery(3, None, 2, "503", "2023-06-30"),
            delivery(2, Some(NOW), 9, "the name has no public address", ""),
            delivery(1, Some(NOW), 1, "204", ""),
        ],
        before: false,
        after: true,
    };
    let list = published().list;
    let shown = |day: &str| Preview {
        list: &list,
        day: day.parse().expect("a day"),
        of: None,
        serial: Some(12),
        fields: Fields::new(),
    };
    let at = |rest: &str| format!("{}{rest}", super::PATH);
    vec![
        ("operator-ip-list", home(desk(super::PATH), &seen(Some(published()), good.kept.clone(), versions))),
        ("operator-ip-list-empty", home(desk(super::PATH), &seen(None, None, none))),
        ("operator-ip-version", version(desk(&at("/versions/12")), &published(), &changes, today)),
        ("operator-ip-preview", preview(desk(&at("/preview")), shown("2023-07-01"))),
        ("operator-ip-draft", drafted(desk(&at("/draft")), &good, Fields::new())),
        ("operator-ip-draft-reason", drafted(desk(&at("/draft")), &good, refused)),
        ("operator-ip-draft-refused", drafted(desk(&at("/draft")), &bad, Fields::new())),
        ("operator-ip-draft-overtaken", drafted(desk(&at("/draft")), &working(text, true, 11), Fields::new())),
        ("operator-ip-draft-same", drafted(desk(&at("/draft")), &working(text, false, 12), Fields::new())),
        ("operator-ip-service-new", draft::new_service(desk(&at("/draft/new")), no_network)),
        ("operator-ip-service", draft::service(desk(&place.path()), place, &entry, draft::service_fields(&entry, 3))),
        ("operator-ip-step-new", draft::step(desk(&at("/draft")), place, &entry.service, None, Fields::new())),
        ("operator-ip-webhooks", webhooks::list(desk(webhooks::PATH), &[hook()])),
        ("operator-ip-webhooks-empty", webhooks::list(desk(webhooks::PATH), &[])),
        ("operator-ip-webhook-new", webhooks::new(desk(&at("/webhooks/new")), Fields::new())),
        (
            "operator-ip-webhook",
            webhooks::one(
                desk(&webhooks::path(WebhookId(7))),
                &hook(),
                &told,
                NOW,
                Some("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned()),
                Fields::new(),
            ),
        ),
    ]
}
