//! The demo data: one Biz app with all that it may have, three people, their ad accounts, and the documents' IP list.

use bizauth_client::IpDocument;
use bizauth_core::app::AppKind;
use bizauth_core::asset::{AssetId, AssetKind, Holding};
use bizauth_core::id::{AppId, HoldingId, KeyId, UserId};
use bizauth_core::ips::{IpList, Service, Step, date_at, seoul};
use bizauth_core::key::KeyKind;
use bizauth_core::secret::Digest;
use bizauth_core::time::Time;
use bizauth_store::{Actor, AssetRecord, By, NewApp, NewKey, NewUser, Store, Who};

use super::Error;
use super::banner::{Banner, Person};
use crate::entropy::Entropy;
use crate::ip_document::list_from_document;
use crate::password;

/// The password of the demo's people. It opens a throwaway database on loopback.
pub const PASSWORD: &str = "bizauth-dev";

const OWNER: &str = "owner@example.com";
const NEWCOMER: &str = "newcomer@example.com";
const OPERATOR: &str = "operator@example.com";

/// Group, id, name, role, lendable.
const ASSETS: [(&str, &str, &str, &str, bool); 8] = [
    ("moment", "482910", "봄 시즌 캠페인", "owner", true),
    ("moment", "482911", "브랜드 검색 광고", "manager", true),
    ("moment", "482912", "Global launch 2026", "owner", true),
    ("moment", "482913", "대행사 위탁 계정", "viewer", false),
    ("keyword", "730021", "쇼핑몰 키워드", "owner", true),
    ("keyword", "730022", "지역 매장 키워드", "manager", true),
    ("keyword", "730023", "Autumn sale keywords", "owner", true),
    ("keyword", "730024", "예비 계정", "owner", true),
];

/// Item and purpose.
const ITEMS: [(&str, &str); 8] = [
    ("biz_account_email", "To send you the weekly report"),
    ("moment_create", "To open an account for a new campaign"),
    ("moment_management", "To read results and adjust budgets"),
    ("moment_delete", "To clear away accounts of ended campaigns"),
    ("moment_bizform_result_read", "To collect the answers to your forms"),
    ("keyword_create", "To open an account for a new shop"),
    ("keyword_management", "To read results and adjust bids"),
    ("keyword_delete", "To clear away accounts of closed shops"),
];

/// Makes the schema and fills it.
pub(super) async fn seed(store: &Store, base_url: &str, now: Time) -> Result<Banner, Error> {
    // Two hashes take longer than everything else together: they are made meanwhile.
    let hash = || tokio::task::spawn_blocking(|| password::hash(PASSWORD, &Entropy::System));
    let hashes = (hash(), hash());
    store.migrate(now).await?;
    let by = &store.by(Actor { who: Who::Server, name: "bizauth dev".to_owned(), from: None, at: now });
    by.publish_ips(ip_list(now)?).await?;
    let app = app(by).await?;
    let (rest_api_key, client_secret, id) = rest_api_key(by, app).await?;
    let redirect_uri = format!("{base_url}/dev/callback");
    by.add_redirect_uri(id, redirect_uri.clone()).await?;
    let banner = Banner {
        base_url: base_url.to_owned(),
        operator_url: String::new(),
        rest_api_key,
        client_secret,
        redirect_uri,
        admin_key: key(by, app, KeyKind::Admin).await?,
        javascript_key: key(by, app, KeyKind::JavaScript).await?,
        native_app_key: key(by, app, KeyKind::Native).await?,
        data: String::new(),
        users: vec![
            Person { email: OWNER, password: PASSWORD, note: "a business user with Moment and Keyword ad accounts" },
            Person { email: NEWCOMER, password: PASSWORD, note: "a business user without assets: KOE027" },
            Person { email: OPERATOR, password: PASSWORD, note: "an operator, who signs in at the operators' address" },
        ],
    };
    let (first, second) = (hashed(hashes.0).await?, hashed(hashes.1).await?);
    let owner = person(by, OWNER, first, false).await?;
    person(by, NEWCOMER, second.clone(), false).await?;
    // The same hash twice: the demo starts sooner, and everybody knows its password anyway.
    person(by, OPERATOR, second, true).await?;
    by.add_member(app, owner, "owner").await?;
    for asset in ASSETS {
        hold(by, owner, asset).await?;
    }
    Ok(banner)
}

async fn app(by: &By) -> Result<AppId, Error> {
    let new = NewApp {
        name: "Ad report demo".to_owned(),
        company: "Example Analytics Inc.".to_owned(),
        kind: AppKind::Biz,
        parent: None,
        owner: None,
    };
    let app = by.create_app(new).await?.ok_or(Error::Seed("the app"))?;
    for (item, purpose) in ITEMS {
        by.switch_item_on(app, item.into(), purpose.to_owned()).await?;
    }
    by.grant_permission(app, "moment".into()).await?;
    Ok(app)
}

async fn rest_api_key(by: &By, app: AppId) -> Result<(String, String, KeyId), Error> {
    let (value, secret) = (Entropy::System.app_key(), Entropy::System.client_secret());
    let digest = Some(Digest::of(secret.as_bytes()));
    let new = NewKey { app, kind: KeyKind::RestApi, value: value.clone(), name: "demo".to_owned(), secret: digest };
    let id = by.create_key(new).await?.ok_or(Error::Seed("the REST API key"))?;
    Ok((value.expose().to_owned(), secret, id))
}

async fn key(by: &By, app: AppId, kind: KeyKind) -> Result<String, Error> {
    let value = Entropy::System.app_key();
    let new = NewKey { app, kind, value: value.clone(), name: "demo".to_owned(), secret: None };
    by.create_key(new).await?.ok_or(Error::Seed("a key"))?;
    Ok(value.expose().to_owned())
}

type Hashing = tokio::task::JoinHandle<Result<String, password::Unfit>>;

async fn hashed(hash: Hashing) -> Result<String, Error> {
    hash.await.ok().and_then(Result::ok).ok_or(Error::Seed("a password"))
}

async fn person(by: &By, email: &str, hash: String, is_operator: bool) -> Result<UserId, Error> {
    let new = NewUser {
        email: email.to_owned(),
        email_verified: true,
        password: hash,
        in_business_centre: true,
        is_operator,
    };
    by.create_user(new).await?.ok_or(Error::Seed("a user"))
}

async fn hold(
    by: &By,
    user: UserId,
    (group, id, name, role, lendable): (&str, &str, &str, &str, bool),
) -> Result<(), Error> {
    let (group, asset, kind) = (group.into(), AssetId(id.to_owned()), AssetKind::AdAccount);
    let record = AssetRecord { group, id: asset, kind, name: name.to_owned() };
    by.keep_asset(record.clone()).await?;
    let holding = Holding {
        id: HoldingId(0),
        group: record.group,
        asset: record.id,
        kind,
        name: record.name,
        role: role.to_owned(),
        lendable,
    };
    by.hold_asset(user, holding).await?;
    Ok(())
}

/// The documents' list, with its dates moved so that its announcements are still to come: in the documents the list
/// is two days older than the first of them.
fn ip_list(now: Time) -> Result<IpList, Error> {
    let broken = |_| Error::Seed("the IP list");
    let document = IpDocument::from_json(include_bytes!("ips.json")).map_err(broken)?;
    let list = list_from_document(&document).map_err(|_| Error::Seed("the IP list"))?;
    let today = date_at(now.millis(), &seoul());
    let moved = |date: jiff::civil::Date| today.saturating_add(date - list.updated());
    let step = |step: &Step| Step { change: step.change, date: moved(step.date), ips: step.ips.clone() };
    let service = |service: &Service| Service {
        updated: moved(service.updated),
        steps: service.steps.iter().map(step).collect(),
        ..service.clone()
    };
    let all = |services: &[Service]| services.iter().map(service).collect();
    IpList::new(all(list.inbound()), all(list.outbound()), today).map_err(|_| Error::Seed("the IP list"))
}
