//! Races of the people behind the apps: new secrets, and keys that are deleted while codes are redeemed.

use std::time::Duration;

use tokio::task::JoinSet;

use crate::report::Report;
use crate::world::{Field, at_once, counted};

/// How many commands want to give the key a new secret at once.
const ISSUERS: usize = 6;
/// How many codes are redeemed while their key is deleted.
const CODES: usize = 24;

/// Many give one key a new secret at once: each is told a secret, and in the end one of them counts, alone.
pub(super) async fn new_secrets(field: &Field, report: &mut Report) -> anyhow::Result<()> {
    let app = field.another_key().await?;
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
    let mut admitted = Vec::new();
    for (turn, secret) in secrets.iter().enumerate() {
        let code = browser.code(&field.base(turn), &app).await?;
        let said = app.redeems_from(&field.client, &field.base(turn), &code, secret, &field.elsewhere()).await;
        if said.as_ref().is_ok_and(|said| said.status == 200) {
            admitted.push(turn);
        }
        let judged = said.as_ref().is_ok_and(|said| [200, 401].contains(&said.status));
        report.promise(judged, || format!("a secret was neither admitted nor refused: {said:?}"));
    }
    // The first in the row is the one of before.
    report.promise(admitted.len() == 1 && admitted != [0], || {
        format!(
            "{ISSUERS} new secrets of one key at once; of the old one (0) and these there are admitted: {admitted:?}"
        )
    });
    field.scene.tell(&["key", "delete", &app.key.to_string()]).await?;
    Ok(())
}

/// A key is deleted, by two at once, while codes of it are redeemed: one deletion is it, and whatever was issued is dead
/// once it is acknowledged. How many redemptions were served and refused meanwhile.
pub(super) async fn deleted(field: &Field, report: &mut Report) -> anyhow::Result<[usize; 2]> {
    let app = field.another_key().await?;
    let browser = field.scene.browser(4)?;
    browser.signs_in(&field.base(0)).await?;
    let mut codes = Vec::new();
    for turn in 0..CODES {
        codes.push(browser.code(&field.base(turn), &app).await?);
    }
    let redeeming = at_once(CODES, |turn| {
        let (app, client, base, code) = (app.clone(), field.client.clone(), field.base(turn), codes[turn].clone());
        let from = field.elsewhere();
        async move {
            // Over the time that a command takes.
            tokio::time::sleep(Duration::from_millis(4 * turn as u64)).await;
            app.redeems_from(&client, &base, &code, &app.client_secret, &from).await
        }
    });
    let deletion = || {
        let words = ["key", "delete", &app.key.to_string()].map(str::to_owned).to_vec();
        crate::world::run([words, field.scene.records()].concat())
    };
    let (said, one, other) = tokio::join!(redeeming, deletion(), deletion());
    let (one, other) = (one?, other?);
    let done = [&one, &other].iter().filter(|ended| ended.status.success()).count();
    report.promise(done == 1, || format!("two deletions of one key at once: {one:?}, {other:?}"));
    let count = |status| said.iter().flatten().filter(|said| said.status == status).count();
    // Where the key was deleted between the look at its secret and the trade, it is the code that is refused.
    let (served, refused) = (count(200), count(401) + count(400));
    report.promise(served + refused == CODES, || format!("redemptions beside a deletion: {:?}", counted(&said)));
    for token in said.iter().flatten().filter_map(|said| said.field("access_token")) {
        report.promise(field.everywhere(&token, 401).await, || "a deleted key's token lives on".to_owned());
    }
    for (turn, code) in codes.iter().enumerate() {
        let (base, from) = (field.base(turn), field.elsewhere());
        let later = app.redeems_from(&field.client, &base, code, &app.client_secret, &from).await;
        let refused = later.as_ref().is_ok_and(|said| said.status == 401);
        report.promise(refused, || format!("a deleted key was served: {later:?}"));
    }
    Ok([served, refused])
}
