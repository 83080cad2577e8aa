//! The client secret in the console: ON and OFF, issued again with an overlap, shown once.

use bizauth_core::fault::KauthFault;

use crate::console_keys::{a_developer, acts, everything_kept};
use crate::world::{App, World, days, minutes};

#[tokio::test]
async fn a_secret_is_switched_off_only_with_the_risk_understood() {
    let world = World::new().await;
    let (kim, app) = a_developer(&world).await;
    let page = format!("/console/apps/{}/keys/{}", app.id, app.key);
    let bare = App { client_secret: "wrong".to_owned(), ..app.clone() };
    bare.redeems(&world, "x").await.refuses(KauthFault::BadClientSecret, "");
    let refused = kim.submits(&page, &format!("{page}/secret/off"), &[]).await;
    assert_eq!((refused.status, refused.all("#switch-understood-error").len()), (422, 1));
    bare.redeems(&world, "x").await.refuses(KauthFault::BadClientSecret, "");
    let off = kim.submits(&page, &format!("{page}/secret/off"), &[("understood", "yes")]).await;
    assert_eq!(off.leads(), format!("{page} secret-off"));
    bare.redeems(&world, "x").await.refuses(KauthFault::CodeNotFound, "x");
    let on = kim.submits(&page, &format!("{page}/secret/on"), &[]).await;
    assert_eq!(on.leads(), format!("{page} secret-on"));
    bare.redeems(&world, "x").await.refuses(KauthFault::BadClientSecret, "");
    assert_eq!(acts(&world, &app).await, ["key.secret_state"; 2]);
}

#[tokio::test]
async fn a_new_secret_is_shown_once_and_the_old_one_lives_for_its_overlap() {
    let world = World::new().await;
    let (kim, app) = a_developer(&world).await;
    let page = format!("/console/apps/{}/keys/{}", app.id, app.key);
    let (issue, end) = (format!("{page}/secret/issue"), format!("{page}/secret/end-overlap"));
    let opens = async |secret: &str| {
        let with = App { client_secret: secret.to_owned(), ..app.clone() };
        with.redeems(&world, "x").await.json()["error_code"] == "KOE320"
    };
    // Overlaps are longer than sessions.
    let stays_in = async || {
        if kim.opens(&page).await.status == 303 {
            kim.signs_in().await;
        }
    };
    let mut old = app.client_secret.clone();
    for (overlap, lives) in
        [("none", minutes(0)), ("1h", minutes(60)), ("1d", days(1)), ("7d", days(7)), ("30d", days(30))]
    {
        stays_in().await;
        let issued = kim.submits(&page, &issue, &[("overlap", overlap)]).await;
        assert_eq!(issued.leads(), format!("{page} secret-issued"));
        let shown = kim.opens(issued.location()).await.all("#shown").remove(0);
        assert!(!kim.opens(&page).await.body.contains(&shown), "shown once");
        assert!(!everything_kept(&world).await.contains(&shown));
        assert!(opens(&shown).await);
        assert_eq!(opens(&old).await, overlap != "none", "{overlap}");
        if overlap != "none" {
            world.advance(lives - minutes(1));
            assert!(opens(&old).await, "{overlap}");
            world.advance(minutes(1));
            assert!(!opens(&old).await, "{overlap}");
        }
        old = shown;
    }
    stays_in().await;
    kim.submits(&page, &issue, &[("overlap", "7d")]).await;
    assert!(opens(&old).await);
    assert_eq!(kim.submits(&page, &end, &[]).await.leads(), format!("{page} secret-overlap-ended"));
    assert!(!opens(&old).await, "ended before its time");
    assert_eq!(acts(&world, &app).await[..2], ["key.end_overlap", "key.issue_secret"]);
}

#[tokio::test]
async fn of_six_who_issue_at_once_one_is_heard_and_the_overlap_holds() {
    let world = World::new().await;
    let (kim, app) = a_developer(&world).await;
    let page = format!("/console/apps/{}/keys/{}", app.id, app.key);
    let issue = format!("{page}/secret/issue");
    let shown = kim.opens(&page).await;
    let (token, seen) = (shown.input(&issue, "form_token"), shown.input(&issue, "seen"));
    let fields = [("form_token", token.as_str()), ("seen", seen.as_str()), ("overlap", "1d")];
    let (a, b, c, d, e, f) = tokio::join!(
        kim.posts(&issue, &fields),
        kim.posts(&issue, &fields),
        kim.posts(&issue, &fields),
        kim.posts(&issue, &fields),
        kim.posts(&issue, &fields),
        kim.posts(&issue, &fields)
    );
    let answers = [a, b, c, d, e, f];
    assert_eq!(answers.iter().filter(|answer| answer.status == 303).count(), 1);
    for late in answers.iter().filter(|answer| answer.status != 303) {
        assert_eq!(late.status, 422);
        assert!(late.all("#issue-overlap-error")[0].contains("Somebody else issued"));
    }
    app.redeems(&world, "x").await.refuses(KauthFault::CodeNotFound, "x");
    let unsaid = kim.submits(&page, &issue, &[("overlap", "9y")]).await;
    assert_eq!((unsaid.status, unsaid.all("#issue-overlap-error").len()), (422, 1));
}
