//! The IP list comes back as it was published, and none is ever overwritten.

use bizauth_core::id::{DeliveryId, WebhookId};
use bizauth_core::ips::{About, Change, Cidr, IpList, Service, Step, Terms};
use bizauth_core::time::Time;
use bizauth_store::{Kept, NewVersion, Publication, Store, Tried, Turn};

use crate::engines::{at_once, on_each_place, on_two_nodes};
use crate::scene::{NOW, someone};

fn cidrs(text: &str) -> Vec<Cidr> {
    text.split_whitespace().map(|cidr| cidr.parse().unwrap()).collect()
}

fn step(change: Change, date: &str, ips: &str) -> Step {
    Step::new(change, date.parse().unwrap(), cidrs(ips))
}

fn service(name: &str, ips: &str, steps: Vec<Step>) -> Service {
    Service {
        name: name.to_owned(),
        ips: cidrs(ips),
        ports: vec![443, 80, 8443],
        updated: "2023-06-28".parse().unwrap(),
        steps,
    }
}

/// Nothing in it is in an order that anybody would sort it into.
fn list() -> IpList {
    let steps = vec![
        step(Change::Exclusion, "2023-07-01", "203.133.166.33/32 1.1.0.0/16"),
        step(Change::Addition, "2023-06-30", "111.111.111.1/32 111.111.111.0/32"),
        step(Change::Addition, "2023-06-30", "2001:DB8::1/64"),
        step(Change::Exclusion, "2024-01-01", "211.249.203.0/24"),
    ];
    let outbound = vec![
        service("https://kapi.kakao.com", "211.249.203.104/24 203.133.166.33/32 1.1.1.1/32", steps),
        service("https://a.example", "", vec![step(Change::Addition, "2030-01-01", "9.9.9.9/32")]),
        service("콜백 \"'%_", "1.2.0.0/8 2A00::/32", vec![]),
    ];
    let inbound = vec![service("zz", "10.255.255.255/8", vec![]), service("aa", "10.0.0.1/32 10.0.0.0/32", vec![])];
    IpList::new(inbound, outbound, "2023-06-29".parse().unwrap()).unwrap()
}

/// Private ranges are allowed, and the schedule is over: what is refused has a test of its own.
fn terms() -> Terms {
    Terms::of("2026-01-01".parse().unwrap(), true)
}

async fn publish(store: &Store, list: IpList) -> Publication {
    store.by(someone(NOW)).because("a test").publish_ips(NewVersion::of(list, terms())).await.unwrap()
}

/// The list as whoever published it announced it.
fn announced(list: &IpList) -> IpList {
    let named = |services: &[Service]| -> Vec<Service> {
        let mut services = services.to_vec();
        let steps = services.iter_mut().flat_map(|it| &mut it.steps).filter(|step| step.announced_by.is_empty());
        steps.for_each(|step| step.announced_by = someone(NOW).name);
        services
    };
    IpList::new(named(list.inbound()), named(list.outbound()), list.updated()).unwrap()
}

#[tokio::test]
async fn a_list_comes_back_as_it_was_published() {
    on_two_nodes(async |[one, two]| {
        assert!(one.published_ips().await.unwrap().is_none());
        assert_eq!(publish(&one, list()).await, Publication::Done(1));
        for store in [&one, &two, &two] {
            let found = store.published_ips().await.unwrap().unwrap();
            assert_eq!((found.serial, &*found.list), (1, &announced(&list())), "order, host bits, spelling, schedule");
            assert_eq!((found.version.content, found.version.author), (Some(list().content()), someone(NOW).name));
            assert_eq!((found.version.reason.as_str(), found.version.published_at), ("a test", NOW));
        }
        let mut noted = service("only", "1.1.1.0/24", vec![step(Change::Addition, "2030-01-01", "9.9.9.0/24")]);
        noted.steps[0].note = "새 데이터 센터".to_owned();
        noted.steps[0].announced_by = "kim".to_owned();
        let other = IpList::new(vec![noted], vec![], "2026-01-01".parse().unwrap()).unwrap();
        assert_eq!(publish(&two, other.clone()).await, Publication::Done(2));
        for store in [&one, &two] {
            let found = store.published_ips().await.unwrap().unwrap();
            assert_eq!((found.serial, &*found.list), (2, &other), "on every node at once");
            let first = store.ip_version(1).await.unwrap().unwrap();
            assert_eq!(*first.list, announced(&list()), "nothing is overwritten");
            assert!(store.ip_version(3).await.unwrap().is_none());
        }
        let serials = async |turn| {
            let leaf = one.ip_versions(&turn, 1).await.unwrap();
            (leaf.rows.iter().map(|it| it.serial).collect::<Vec<_>>(), leaf.before, leaf.after)
        };
        assert_eq!(serials(Turn::First).await, (vec![2], false, true));
        assert_eq!(serials(Turn::After(2)).await, (vec![1], true, false));
        assert_eq!(serials(Turn::Before(1)).await, (vec![2], false, true));
        assert!(one.ip_version_before(NOW).await.unwrap().is_none());
        let later = Time::from_millis(NOW.millis() + 1);
        assert_eq!(one.ip_version_before(later).await.unwrap().unwrap().serial, 2);
    })
    .await;
}

#[tokio::test]
async fn what_must_not_be_published_is_refused_and_leaves_nothing() {
    on_two_nodes(async |[one, _]| {
        let wrong =
            IpList::new(vec![service("a", "0.0.0.0/0", vec![])], vec![], "2026-01-01".parse().unwrap()).unwrap();
        let Publication::Refused(remarks) = publish(&one, wrong).await else { panic!("it is refused") };
        assert!(matches!(&remarks[..], [only] if matches!(only.about, About::Everything(_))), "{remarks:?}");
        assert!(one.published_ips().await.unwrap().is_none());
        let next = NewVersion { follows: Some(1), ..NewVersion::of(list(), terms()) };
        assert_eq!(one.by(someone(NOW)).publish_ips(next).await.unwrap(), Publication::Overtaken);
        assert!(one.published_ips().await.unwrap().is_none());
    })
    .await;
}

#[tokio::test]
async fn a_version_that_something_has_overwritten_is_not_answered_with() {
    for spoil in [
        "UPDATE ip_prefixes SET cidr = '0.0.0.0/0' WHERE cidr = '1.1.1.1/32'",
        "DELETE FROM ip_prefixes WHERE cidr = '9.9.9.9/32'",
        "UPDATE ip_prefixes SET date = '2023-07-02' WHERE date = '2023-07-01'",
        "UPDATE ip_services SET ports = '443' WHERE name = 'zz'",
    ] {
        on_each_place(async |place| {
            let store = place.node(1);
            store.migrate(NOW).await.unwrap();
            assert_eq!(publish(&store, list()).await, Publication::Done(1));
            place.spoil(spoil).await;
            // A process that never read it: what was read before it was spoilt stands in the memory of the first.
            let fresh = place.node(2);
            let found = fresh.published_ips().await;
            assert!(found.is_err(), "{spoil}: {found:?}");
            assert!(fresh.ip_version(1).await.is_err(), "{spoil}");
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn publications_at_once_are_versions_one_after_the_other() {
    on_two_nodes(async |nodes| {
        let publish = |store: Store, _| async move {
            match publish(&store, list()).await {
                Publication::Done(serial) => serial,
                other => panic!("{other:?}"),
            }
        };
        let mut serials = at_once(&nodes, 6, publish).await;
        serials.sort_unstable();
        assert_eq!(serials, [1, 2, 3, 4, 5, 6]);
        assert_eq!(nodes[1].published_ips().await.unwrap().unwrap().serial, 6);
    })
    .await;
}

#[tokio::test]
async fn a_draft_is_written_over_by_nobody() {
    on_two_nodes(async |[one, two]| {
        let keeps = async |store: &Store, content: &str, read| {
            store.by(someone(NOW)).keep_ip_draft(content.to_owned(), 0, read).await.unwrap()
        };
        let Kept::Done(first) = keeps(&one, "a", 0).await else { panic!("it is kept") };
        assert_eq!(keeps(&two, "b", 0).await, Kept::Overtaken, "there is one already");
        let Kept::Done(second) = keeps(&two, "c", first).await else { panic!("it is kept") };
        assert_eq!(keeps(&one, "d", first).await, Kept::Overtaken, "it is another now");
        assert_eq!(one.ip_draft().await.unwrap().unwrap().content, "c");
        assert!(!one.by(someone(NOW)).discard_ip_draft(first).await.unwrap());
        // What is published is the draft that was read, or nothing is.
        let of = |draft| NewVersion { draft: Some(draft), ..NewVersion::of(list(), terms()) };
        assert_eq!(one.by(someone(NOW)).publish_ips(of(first)).await.unwrap(), Publication::Overtaken);
        assert_eq!(one.by(someone(NOW)).publish_ips(of(second)).await.unwrap(), Publication::Done(1));
        assert!(two.ip_draft().await.unwrap().is_none());
        let Kept::Done(next) = keeps(&one, "e", 0).await else { panic!("it is kept") };
        assert_ne!(next, first, "a page that is open since the draft before writes over nothing");
        assert!(one.by(someone(NOW)).discard_ip_draft(next).await.unwrap());
        assert!(!one.by(someone(NOW)).discard_ip_draft(next).await.unwrap());
    })
    .await;
}

async fn add_webhook(store: &Store, url: &str) -> Option<WebhookId> {
    store.by(someone(NOW)).add_ip_webhook(url.to_owned(), |id| id.0.to_be_bytes().to_vec()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happens_is_told_by_one_node_once() {
    on_two_nodes(async |nodes| {
        let [one, two] = &nodes;
        let hook = add_webhook(one, "https://a.example").await.unwrap();
        assert_eq!(add_webhook(two, "https://a.example").await, None, "it is told already");
        assert_eq!(publish(one, list()).await, Publication::Done(1));
        assert_eq!(two.announce_ip_day(1, "2026-01-01".to_owned(), NOW, NOW).await.unwrap(), 1);
        assert_eq!(one.announce_ip_day(1, "2026-01-01".to_owned(), NOW, NOW).await.unwrap(), 0);
        let before = Time::from_millis(NOW.millis() - 1);
        assert_eq!(one.announce_ip_day(1, "2025-12-31".to_owned(), before, NOW).await.unwrap(), 0, "it was not there");
        let minute = Time::from_millis(NOW.millis() + 60_000);
        let lease = |store: Store, _| async move { store.lease_ip_deliveries(9, NOW, minute).await.unwrap() };
        let taken: Vec<_> = at_once(&nodes, 6, lease).await.into_iter().flatten().collect();
        let mut told: Vec<_> = taken.iter().map(|due| (due.delivery.event.as_str(), due.delivery.serial)).collect();
        told.sort_unstable();
        assert_eq!(told, [("in_force", 1), ("published", 1)], "each has one lease");
        assert!(taken.iter().all(|due| due.webhook.id == hook && due.webhook.sealed == hook.0.to_be_bytes()));

        // One is told; the other is tried again later, and by nobody before.
        let ends = async |at: usize, again, now| {
            let (id, attempts) = (taken[at].delivery.id, taken[at].delivery.attempts);
            let ended = Tried { answer: "200".to_owned(), again };
            two.end_ip_delivery(id, attempts, ended, now).await.unwrap()
        };
        assert!(ends(0, None, NOW).await && !ends(0, None, NOW).await, "it ends once");
        let later = Time::from_millis(NOW.millis() + 90_000);
        assert!(ends(1, Some(later), NOW).await);
        assert!(one.lease_ip_deliveries(9, minute, later).await.unwrap().is_empty());
        let again = one.lease_ip_deliveries(9, later, later).await.unwrap();
        assert_eq!((again.len(), again[0].delivery.attempts, again[0].delivery.id), (1, 2, taken[1].delivery.id));
        assert!(!ends(1, None, later).await, "whoever lost the lease says nothing any more");

        // What was told can be seen, told again, and goes with its webhook.
        let seen = one.ip_deliveries(hook, &Turn::First, 9).await.unwrap().rows;
        assert_eq!(seen.iter().filter(|it| it.ended_at == Some(NOW)).count(), 1);
        let by = one.by(someone(NOW));
        assert!(by.retry_ip_delivery(taken[0].delivery.id).await.unwrap());
        assert!(!by.retry_ip_delivery(DeliveryId(7)).await.unwrap());
        assert!(by.remove_ip_webhook(hook).await.unwrap() && !by.remove_ip_webhook(hook).await.unwrap());
        assert!(one.ip_webhooks().await.unwrap().is_empty());
        assert!(one.lease_ip_deliveries(9, later, later).await.unwrap().is_empty());
    })
    .await;
}
