//! The console: who works on an app, who is invited, and that an app always keeps an owner.

use bizauth::view::Notice;
use bizauth_core::app::{AppKind, Role};
use bizauth_core::id::AppId;
use bizauth_store::{Invited, NewInvitation, NewUser, Turn};

use crate::console_apps::{developer, done, last_act, named, refused};
use crate::world::{Answer, Person, World, days, minutes};

async fn role(world: &World, app: AppId, who: &Person) -> Option<Role> {
    world.store().app_for_member(app, who.id).await.unwrap().map(|(_, role)| role)
}

fn members(app: AppId) -> String {
    format!("/console/apps/{app}/members")
}

async fn invites(who: &Person, app: AppId, email: &str, role: &str) -> Answer {
    let act = format!("{}/invite", members(app));
    who.submits(&members(app), &act, &[("email", email), ("role", role)]).await
}

#[tokio::test]
async fn an_invitation_reaches_whoever_has_the_address() {
    let world = World::new().await;
    let (kim, lee) = (developer(&world, "kim@example.com").await, developer(&world, "lee@example.com").await);
    let app = named(&world, "Shop", AppKind::Biz, &kim).await;
    let says = "The invitation is sent. Please tell the person to look into their console.";
    let page = done(&kim, &invites(&kim, app, "Lee@Example.com", "editor").await, &members(app), says).await;
    assert_eq!(page.all("section .list tbody th"), ["lee@example.com"]);
    // To nobody's address the answer is the same.
    let other = done(&kim, &invites(&kim, app, "nobody@example.com", "editor").await, &members(app), says).await;
    assert_eq!(other.all("section .list tbody th"), ["lee@example.com", "nobody@example.com"]);
    assert_eq!(last_act(&world).await, ("invitation.make".to_owned(), "kim@example.com".to_owned()));

    let home = lee.opens("/console").await;
    assert_eq!(home.all("#invitations"), ["Invitations to you"]);
    assert!(home.body.contains("kim@example.com invites you to work on this app."), "{}", home.body);
    let id = world.store().invitations_for(lee.id, world.now(), 9).await.unwrap()[0].id;
    let accept = format!("/console/invitations/{id}/accept");
    let token = lee.form_token("/console", &accept).await;
    let answer = lee.submits("/console", &accept, &[]).await;
    done(&lee, &answer, &format!("/console/apps/{app}"), "You are now a member of this app.").await;
    assert_eq!(role(&world, app, &lee).await, Some(Role::Editor));
    assert_eq!(last_act(&world).await, ("member.join".to_owned(), "lee@example.com".to_owned()));
    lee.posts(&accept, &[("form_token", &token)]).await.says(Notice::NotFound);
    refused(&invites(&kim, app, "lee@example.com", "owner").await, &["This person is a member already."]);
}

#[tokio::test]
async fn an_invitation_can_be_declined_cancelled_and_ends() {
    let world = World::new().await;
    let (kim, lee) = (developer(&world, "kim@example.com").await, developer(&world, "lee@example.com").await);
    let app = named(&world, "Shop", AppKind::Biz, &kim).await;
    let open = async || world.store().invitations_for(lee.id, world.now(), 9).await.unwrap().first().map(|it| it.id);
    invites(&kim, app, "lee@example.com", "owner").await;
    let decline = format!("/console/invitations/{}/decline", open().await.unwrap());
    let answer = lee.submits("/console", &decline, &[]).await;
    done(&lee, &answer, "/console", "The invitation has been declined.").await;
    assert_eq!(last_act(&world).await, ("invitation.decline".to_owned(), "lee@example.com".to_owned()));

    invites(&kim, app, "lee@example.com", "owner").await;
    let id = open().await.unwrap();
    let (accept, cancel) =
        (format!("/console/invitations/{id}/accept"), format!("{}/invitations/{id}/cancel", members(app)));
    let token = lee.form_token("/console", &accept).await;
    let again = kim.form_token(&members(app), &cancel).await;
    let answer = kim.submits(&members(app), &cancel, &[]).await;
    done(&kim, &answer, &members(app), "The invitation has been taken back.").await;
    kim.posts(&cancel, &[("form_token", &again)]).await.says(Notice::NotFound);
    lee.posts(&accept, &[("form_token", &token)]).await.says(Notice::NotFound);

    invites(&kim, app, "lee@example.com", "owner").await;
    assert!(open().await.is_some());
    world.state.clock.advance(minutes(14 * 24 * 60));
    assert_eq!(open().await, None, "after fourteen days it is over");
    lee.signs_in().await;
    assert!(lee.opens("/console").await.all("#invitations").is_empty());
    assert_eq!(role(&world, app, &lee).await, None);
}

/// Only the addressee's account answers an invitation, and only with a verified address.
#[tokio::test]
async fn others_invitations_are_not_found() {
    let world = World::new().await;
    let kim = developer(&world, "kim@example.com").await;
    let app = named(&world, "Shop", AppKind::Biz, &kim).await;
    let eve = developer(&world, "eve@example.com").await;
    for email in ["lee@example.com", "eve@example.com", "doubt@example.com"] {
        invites(&kim, app, email, "editor").await;
    }
    let of_lee = world.store().invitations_of(app, world.now()).await.unwrap();
    let of_lee = of_lee.iter().find(|it| it.email == "lee@example.com").unwrap().id;
    let own = eve.opens("/console").await;
    assert!(!own.body.contains(&of_lee.to_string()), "nobody sees another's");
    for act in ["accept", "decline"] {
        let path = format!("/console/invitations/{of_lee}/{act}");
        assert_eq!(eve.posts(&path, &[("form_token", "x")]).await.status, 403);
    }
    let password = bizauth::password::hash(crate::world::PASSWORD, &bizauth::entropy::Entropy::System).unwrap();
    let (email, in_business_centre, is_operator) = ("doubt@example.com".to_owned(), false, false);
    let new = NewUser { email, email_verified: false, password, in_business_centre, is_operator };
    let id = world.by().create_user(new).await.unwrap().unwrap();
    let doubt =
        Person { id, email: "doubt@example.com".to_owned(), browser: world.browser(), base: world.base.clone() };
    doubt.signs_in().await;
    let home = doubt.opens("/console").await;
    assert!(home.body.contains("Your e-mail address is not verified") && home.all("#invitations").is_empty());
}

#[tokio::test]
async fn what_cannot_be_an_invitation_is_told_beside_its_field() {
    let world = World::new().await;
    let kim = developer(&world, "kim@example.com").await;
    let app = named(&world, "Shop", AppKind::Biz, &kim).await;
    let answer = invites(&kim, app, "kim", "king").await;
    refused(&answer, &["Enter an e-mail address, such as kim@example.com.", "Choose a role."]);
    assert_eq!(answer.values("input[name='email']"), ["kim"]);
    refused(&invites(&kim, app, "KIM@example.com", "editor").await, &["This person is a member already."]);
    for n in 0..50 {
        let (email, role) = (format!("p{n}@example.com"), Role::Editor);
        let new = NewInvitation { app, email, role, expires_at: world.now().plus(minutes(9)), most: 50 };
        assert!(matches!(world.by().invite(new).await.unwrap(), Invited::Made(_)));
    }
    let most = "The app has 50 open invitations, which is the most. Take one back first.";
    refused(&invites(&kim, app, "p50@example.com", "editor").await, &[most]);
    assert_eq!(invites(&kim, app, "p7@example.com", "owner").await.status, 303, "one that is open can be changed");
}

#[tokio::test]
async fn the_last_owner_can_neither_go_nor_step_down() {
    let world = World::new().await;
    let (kim, lee) = (developer(&world, "kim@example.com").await, developer(&world, "lee@example.com").await);
    let app = named(&world, "Shop", AppKind::Biz, &kim).await;
    world.by().add_member(app, lee.id, "editor").await.unwrap();
    let of = |who: &Person| format!("{}/{}", members(app), who.id);
    let act = |who: &Person, act: &str| format!("{}/{act}", of(who));
    let stays = "The app would have no owner. Make another member an owner first.";
    refused(&kim.submits(&of(&kim), &act(&kim, "role"), &[("role", "editor")]).await, &[stays]);
    refused(&kim.submits(&of(&kim), &act(&kim, "remove"), &[("confirm", "Shop")]).await, &[stays]);
    refused(&kim.submits(&of(&lee), &act(&lee, "role"), &[("role", "")]).await, &["Choose a role."]);
    assert_eq!(role(&world, app, &kim).await, Some(Role::Owner));
    let answer = kim.submits(&of(&lee), &act(&lee, "role"), &[("role", "owner")]).await;
    done(&kim, &answer, &members(app), "The role has been changed.").await;
    assert_eq!(last_act(&world).await, ("member.role".to_owned(), "kim@example.com".to_owned()));
    let wrong = kim.submits(&of(&kim), &act(&kim, "remove"), &[("confirm", "kim@example.com")]).await;
    refused(&wrong, &["Type exactly “Shop” to confirm."]);
    let answer = kim.submits(&of(&kim), &act(&kim, "remove"), &[("confirm", "Shop")]).await;
    done(&kim, &answer, "/console", "You have left the app.").await;
    kim.opens(&members(app)).await.says(Notice::NotFound);
    assert_eq!(role(&world, app, &lee).await, Some(Role::Owner));
}

/// Both owners remove the other, over HTTP and at the same moment: one stays.
#[tokio::test]
async fn of_two_owners_who_remove_each_other_one_stays() {
    let world = World::new().await;
    for round in 0..5 {
        let kim = developer(&world, &format!("kim{round}@example.com")).await;
        let lee = developer(&world, &format!("lee{round}@example.com")).await;
        let app = named(&world, "Shop", AppKind::Biz, &kim).await;
        world.by().add_member(app, lee.id, "owner").await.unwrap();
        let removes = async |who: &Person, whom: &Person, token: String| {
            let act = format!("{}/{}/remove", members(app), whom.id);
            who.posts(&act, &[("form_token", &token), ("confirm", &whom.email)]).await
        };
        let token = async |who: &Person, whom: &Person| {
            let page = format!("{}/{}", members(app), whom.id);
            who.form_token(&page, &format!("{page}/remove")).await
        };
        let (of_kim, of_lee) = (token(&kim, &lee).await, token(&lee, &kim).await);
        let (one, other) = tokio::join!(removes(&kim, &lee, of_kim), removes(&lee, &kim, of_lee));
        let gone = [one.status, other.status].iter().filter(|status| **status == 303).count();
        assert_eq!(gone, 1, "{} {}", one.status, other.status);
        let owners = world.store().members_page(app, "", &Turn::First, 9).await.unwrap().rows;
        assert_eq!(owners.iter().filter(|it| it.role == "owner").count(), 1);
    }
}

#[tokio::test]
async fn an_editor_may_go_and_change_nobody_else() {
    let world = World::new().await;
    let (kim, lee) = (developer(&world, "kim@example.com").await, developer(&world, "lee@example.com").await);
    let app = named(&world, "Shop", AppKind::Biz, &kim).await;
    world.by().add_member(app, lee.id, "editor").await.unwrap();
    let list = lee.opens(&members(app)).await;
    assert_eq!(list.all(".acts a").len(), 1, "only oneself: {}", list.body);
    assert!(list.values(&format!("form[action='{}/invite'] input", members(app))).is_empty());
    lee.opens(&format!("{}/{}", members(app), kim.id)).await.says(Notice::OwnersOnly);
    let me = format!("{}/{}", members(app), lee.id);
    assert!(lee.opens(&me).await.values("input[name='role']").is_empty(), "no role to choose");
    let answer = lee.submits(&me, &format!("{me}/remove"), &[("confirm", "Shop")]).await;
    done(&lee, &answer, "/console", "You have left the app.").await;
    assert_eq!(last_act(&world).await, ("member.remove".to_owned(), "lee@example.com".to_owned()));
    assert_eq!(role(&world, app, &lee).await, None);
}

#[tokio::test]
async fn somebody_who_is_no_member_is_not_found() {
    let world = World::new().await;
    let (kim, eve) = (developer(&world, "kim@example.com").await, developer(&world, "eve@example.com").await);
    let app = named(&world, "Shop", AppKind::Biz, &kim).await;
    for whom in [eve.id.to_string(), "999".to_owned(), "x".to_owned()] {
        kim.opens(&format!("{}/{whom}", members(app))).await.says(Notice::NotFound);
    }
    let page = format!("{}/{}", members(app), kim.id);
    world.by().add_member(app, eve.id, "editor").await.unwrap();
    let of_eve = format!("{}/{}", members(app), eve.id);
    let (role_token, remove_token) = (
        kim.form_token(&of_eve, &format!("{of_eve}/role")).await,
        kim.form_token(&of_eve, &format!("{of_eve}/remove")).await,
    );
    assert_eq!(world.by().end_membership(app, eve.id).await.unwrap(), bizauth_store::Membership::Changed);
    let fields = [("form_token", role_token.as_str()), ("role", "owner")];
    kim.posts(&format!("{of_eve}/role"), &fields).await.says(Notice::NotFound);
    let fields = [("form_token", remove_token.as_str()), ("confirm", "eve@example.com")];
    kim.posts(&format!("{of_eve}/remove"), &fields).await.says(Notice::NotFound);
    assert_eq!(kim.opens(&page).await.status, 200);
}

#[tokio::test]
async fn an_owner_hands_the_app_on() {
    let world = World::new().await;
    let (kim, lee) = (developer(&world, "kim@example.com").await, developer(&world, "lee@example.com").await);
    let eve = developer(&world, "eve@example.com").await;
    let app = named(&world, "Shop", AppKind::Biz, &kim).await;
    let act = format!("{}/transfer", members(app));
    assert!(kim.opens(&members(app)).await.values(&format!("form[action='{act}'] input")).is_empty(), "to nobody");
    world.by().add_member(app, lee.id, "editor").await.unwrap();
    let (to, stranger, me) = (lee.id.to_string(), eve.id.to_string(), kim.id.to_string());
    for (to, confirm, sentences) in [
        ("", "Shop", vec!["Choose a member of this app."]),
        (stranger.as_str(), "Shop", vec!["Choose a member of this app."]),
        (me.as_str(), "Shop", vec!["Choose a member of this app."]),
        (to.as_str(), "shop", vec!["Type exactly “Shop” to confirm."]),
    ] {
        refused(&kim.submits(&members(app), &act, &[("to", to), ("confirm", confirm)]).await, &sentences);
    }
    world.by().set_developer_sanction(lee.id, true).await.unwrap();
    let answer = kim.submits(&members(app), &act, &[("to", &to), ("confirm", "Shop")]).await;
    done(&kim, &answer, &members(app), "The app has a new owner. You are an editor now.").await;
    assert_eq!(last_act(&world).await, ("app.transfer".to_owned(), "kim@example.com".to_owned()));
    assert_eq!((role(&world, app, &kim).await, role(&world, app, &lee).await), (Some(Role::Editor), Some(Role::Owner)));
    assert!(world.store().app(app).await.unwrap().unwrap().app.sanctioned, "a sanction comes with its owner");
}

/// More invitations than fit are not lost: they come as the first ones are answered.
#[tokio::test]
async fn invitations_that_do_not_fit_wait_for_their_turn() {
    let world = World::new().await;
    let (kim, lee) = (developer(&world, "kim@example.com").await, developer(&world, "lee@example.com").await);
    for n in 0..21 {
        let app = named(&world, &format!("App {n}"), AppKind::Biz, &kim).await;
        let (email, expires_at) = (lee.email.clone(), world.now().plus(days(14)));
        let new = NewInvitation { app, email, role: Role::Editor, expires_at, most: 50 };
        assert!(matches!(world.by().invite(new).await.unwrap(), Invited::Made(_)));
    }
    let first = lee.opens("/console").await;
    assert_eq!(first.all("section[aria-labelledby='invitations'] li").len(), 20);
    assert!(first.body.contains("There are more invitations"));
    let decline = first.forms("/decline").remove(0);
    assert_eq!(lee.submits("/console", &decline, &[]).await.status, 303);
    let next = lee.opens("/console").await;
    assert!(next.body.contains("App 20") && !next.body.contains("There are more invitations"));
}
