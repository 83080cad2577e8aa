//! Races of the people behind the apps: new secrets, and keys that are deleted while codes are redeemed.

use anyhow::Context;
use tokio::task::JoinSet;

use super::{Field, at_once, counted};
use crate::report::Report;
use crate::world::App;

/// How a wrong secret and a key that is gone are refused. In the long form there are more of them a minute than one address
/// may try; right ones are never limited.
const REFUSED: [u16; 2] = [401, 429];

/// How many commands want to give the key a new secret at once.
const ISSUERS: usize = 6;
/// How many codes are redeemed while their key is deleted.
const CODES: usize = 16;

/// A key of its own for a race that ends it.
async fn another_key(field: &Field) -> anyhow::Result<App> {
    let (scene, like) = (&field.scene, &field.scene.app);
    let made = scene.tell(&["key", "create", &like.id.to_string(), "--kind", "rest_api", "--json"]).await?;
    let made: serde_json::Value = serde_json::from_str(&made)?;
    let text = |name: &str| made[name].as_str().map(str::to_owned).with_context(|| format!("no {name} in {made}"));
    let key = text("id")?;
    scene.tell(&["key", "redirect", "add", &key, &like.redirect_uri]).await?;
    let id = key.parse().ok().context("the id of a key is a number")?;
    let (client_id, client_secret) = (text("value")?, text("client_secret")?);
    Ok(App { id: like.id, key: id, client_id, client_secret, redirect_uri: like.redirect_uri.clone() })
}

/// Many give one key a new secret at once: each is told a secret, and in the end one of them counts, alone.
pub(super) async fn new_secrets(field: &Field, report: &mut Report) -> anyhow::Result<()> {
    let app = another_key(field).await?;
    let browser = field.scene.browser(3)?;
    browser.signs_in(&field.base(0)).await?;
    let mut issuers = JoinSet::new();
    for _ in 0..ISSUERS {
        let words = ["key", "secret", "issue", &app.key.to_string(), "--json"].map(str::to_owned);
        let words = [words.to_vec(), field.scene.records()].concat();
        issuers.spawn(crate::world::run(words));
    }
    let mut secrets = vec![app.client_secret.clone()];
    for ended in issuers.join_all().await {
        let ended = ended?;
        let said: serde_json::Value = serde_json::from_slice(&ended.stdout).unwrap_or_default();
        match said["client_secret"].as_str() {
            Some(secret) => secrets.push(secret.to_owned()),
            None => report.promise(false, || {
                format!("a new secret at the same time as others: {}", String::from_utf8_lossy(&ended.stderr))
            }),
        }
    }
    let mut admitted = 0;
    for (turn, secret) in secrets.iter().enumerate() {
        let code = browser.code(&field.base(turn), &app).await?;
        let said = app.redeems_with(&field.client, &field.base(turn), &code, secret).await;
        admitted += usize::from(said.as_ref().is_ok_and(|said| said.status == 200));
        let judged = said.as_ref().is_ok_and(|said| said.status == 200 || REFUSED.contains(&said.status));
        report.promise(judged, || format!("a secret was neither admitted nor refused: {said:?}"));
    }
    report.promise(admitted == 1, || format!("{} secrets of one key, {admitted} are admitted", secrets.len()));
    field.scene.tell(&["key", "delete", &app.key.to_string()]).await?;
    Ok(())
}

/// A key is deleted while codes of it are redeemed: whatever was issued is dead once the deletion is acknowledged.
pub(super) async fn deleted(field: &Field, report: &mut Report) -> anyhow::Result<()> {
    let app = another_key(field).await?;
    let browser = field.scene.browser(4)?;
    browser.signs_in(&field.base(0)).await?;
    let mut codes = Vec::new();
    for turn in 0..CODES {
        codes.push(browser.code(&field.base(turn), &app).await?);
    }
    let redeeming = at_once(CODES, |turn| {
        let (app, client, base, code) = (app.clone(), field.client.clone(), field.base(turn), codes[turn].clone());
        async move { app.redeems(&client, &base, &code).await }
    });
    let key = app.key.to_string();
    let words = ["key", "delete", &key];
    let (said, told) = tokio::join!(redeeming, field.scene.tell(&words));
    told?;
    let broken = said.iter().filter(|ask| ask.as_ref().map_or(true, |said| said.status >= 500)).count();
    report.promise(broken == 0, || format!("redemptions beside a deletion: {:?}", counted(&said)));
    for token in said.iter().flatten().filter_map(|said| said.field("access_token")) {
        report.promise(field.everywhere(&token, 401).await, || "a deleted key's token lives on".to_owned());
    }
    for (turn, code) in codes.iter().enumerate() {
        let later = app.redeems(&field.client, &field.base(turn), code).await;
        let refused = later.as_ref().is_ok_and(|said| REFUSED.contains(&said.status));
        report.promise(refused, || format!("a deleted key was served: {later:?}"));
    }
    Ok(())
}
