//! The IP list comes back as it was published, and none is ever overwritten.

use bizauth_core::ips::{Change, Cidr, IpList, Service, Step};

use crate::engines::{at_once, on_two_nodes};
use crate::scene::{NOW, someone};

fn cidrs(text: &str) -> Vec<Cidr> {
    text.split_whitespace().map(|cidr| cidr.parse().unwrap()).collect()
}

fn step(change: Change, date: &str, ips: &str) -> Step {
    Step { change, date: date.parse().unwrap(), ips: cidrs(ips) }
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
        step(Change::Exclusion, "2023-07-01", "203.133.166.33/32 10.0.0.0/8"),
        step(Change::Addition, "2023-06-30", "111.111.111.1/32 111.111.111.0/32"),
        step(Change::Addition, "2023-06-30", "2001:DB8::1/64"),
        step(Change::Exclusion, "2024-01-01", "211.249.203.0/24"),
    ];
    let outbound = vec![
        service("https://kapi.kakao.com", "211.249.203.104/24 203.133.166.33/32 1.1.1.1/32", steps),
        service("https://a.example", "", vec![step(Change::Addition, "2030-01-01", "9.9.9.9/32")]),
        service("콜백 \"'%_", "0.0.0.0/0 ::/0", vec![]),
    ];
    let inbound = vec![service("zz", "10.255.255.255/8", vec![]), service("aa", "10.0.0.1/32 10.0.0.0/32", vec![])];
    IpList::new(inbound, outbound, "2023-06-29".parse().unwrap()).unwrap()
}

#[tokio::test]
async fn a_list_comes_back_as_it_was_published() {
    on_two_nodes(async |[one, two]| {
        assert!(one.published_ips().await.unwrap().is_none());
        assert_eq!(one.by(someone(NOW)).publish_ips(list()).await.unwrap(), 1);
        for store in [&one, &two, &two] {
            let found = store.published_ips().await.unwrap().unwrap();
            assert_eq!((found.serial, &*found.list), (1, &list()), "order, host bits, spelling and schedule");
        }
        let empty = IpList::new(vec![], vec![], "2026-01-01".parse().unwrap()).unwrap();
        assert_eq!(two.by(someone(NOW)).publish_ips(empty.clone()).await.unwrap(), 2);
        for store in [&one, &two] {
            let found = store.published_ips().await.unwrap().unwrap();
            assert_eq!((found.serial, &*found.list), (2, &empty), "on every node at once");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn publications_at_once_are_versions_one_after_the_other() {
    on_two_nodes(async |nodes| {
        let publish =
            |store: bizauth_store::Store, _| async move { store.by(someone(NOW)).publish_ips(list()).await.unwrap() };
        let mut serials = at_once(&nodes, 6, publish).await;
        serials.sort_unstable();
        assert_eq!(serials, [1, 2, 3, 4, 5, 6]);
        assert_eq!(nodes[1].published_ips().await.unwrap().unwrap().serial, 6);
    })
    .await;
}
