//! Invitations: whom they reach, and that each is answered once.

use bizauth_core::app::Role;
use bizauth_core::id::{AppId, InvitationId, UserId};
use bizauth_core::time::Time;
use bizauth_store::{Invited, NewInvitation, NewUser, Store};

use crate::engines::on_each_engine;
use crate::scene::{MINUTE, NOW, Scene, number, someone};

async fn an_account(store: &Store, email: &str, email_verified: bool) -> UserId {
    let password = "$argon2id$none".to_owned();
    let (email, in_business_centre, is_operator) = (email.to_owned(), false, false);
    let new = NewUser { email, email_verified, password, in_business_centre, is_operator };
    store.by(someone(NOW)).create_user(new).await.unwrap().unwrap()
}

fn to(app: AppId, email: &str, role: Role) -> NewInvitation {
    NewInvitation { app, email: email.to_owned(), role, expires_at: NOW.plus(MINUTE), most: 3 }
}

async fn made(store: &Store, new: NewInvitation, now: Time) -> InvitationId {
    match store.by(someone(now)).invite(new).await.unwrap() {
        Invited::Made(id) => id,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_invitation_is_for_whoever_has_verified_its_address() {
    on_each_engine(async |store| {
        let scene = Scene::set(&store).await;
        let (by, app) = (store.by(someone(NOW)), scene.app);
        let email = format!("park-{}@example.com", number());
        let id = made(&store, to(app, &email, Role::Editor), NOW).await;
        assert_eq!(store.invitations_of(app, NOW).await.unwrap()[0].email, email, "before there is such an account");
        let park = an_account(&store, &email, true).await;
        let unsure = format!("choi-{}@example.com", number());
        let choi = an_account(&store, &unsure, false).await;
        let for_choi = made(&store, to(app, &unsure, Role::Owner), NOW).await;
        assert!(store.invitations_for(choi, NOW, 50).await.unwrap().is_empty(), "not verified");
        assert_eq!(by.accept_invitation(for_choi, choi).await.unwrap(), None);
        assert!(!by.decline_invitation(for_choi, choi).await.unwrap());
        assert_eq!(by.accept_invitation(id, scene.user).await.unwrap(), None, "addressed to another");
        assert!(!by.decline_invitation(id, scene.user).await.unwrap());
        let received = store.invitations_for(park, NOW, 50).await.unwrap();
        assert_eq!((received[0].id, received[0].app.id, received[0].role), (id, app, Role::Editor));
        assert_eq!(by.accept_invitation(id, park).await.unwrap(), Some(app));
        assert_eq!(by.accept_invitation(id, park).await.unwrap(), None, "once");
        let (_, role) = store.app_for_member(app, park).await.unwrap().unwrap();
        assert_eq!(role, Role::Editor);
        assert_eq!(by.invite(to(app, &email, Role::Owner)).await.unwrap(), Invited::AlreadyMember);
    })
    .await;
}

#[tokio::test]
async fn an_invitation_ends() {
    on_each_engine(async |store| {
        let scene = Scene::set(&store).await;
        let (by, app) = (store.by(someone(NOW)), scene.app);
        let email = format!("park-{}@example.com", number());
        let park = an_account(&store, &email, true).await;
        let late = NOW.plus(MINUTE);
        let id = made(&store, to(app, &email, Role::Editor), NOW).await;
        assert!(store.invitations_of(app, late).await.unwrap().is_empty());
        assert!(store.invitations_for(park, late, 50).await.unwrap().is_empty());
        assert_eq!(store.by(someone(late)).accept_invitation(id, park).await.unwrap(), None);
        let again = NewInvitation { expires_at: late.plus(MINUTE), ..to(app, &email, Role::Owner) };
        assert_eq!(made(&store, again, late).await, id, "made afresh, it is the same one");
        assert_eq!(store.invitations_for(park, late, 50).await.unwrap()[0].role, Role::Owner);
        assert!(!by.cancel_invitation(AppId(1), id).await.unwrap(), "another app's");
        assert!(by.cancel_invitation(app, id).await.unwrap());
        assert!(!by.cancel_invitation(app, id).await.unwrap());
        let id = made(&store, to(app, &email, Role::Editor), NOW).await;
        assert!(by.decline_invitation(id, park).await.unwrap());
        assert!(!by.decline_invitation(id, park).await.unwrap());
        let id = made(&store, to(app, &email, Role::Editor), NOW).await;
        assert!(by.delete_app(app).await.unwrap());
        assert_eq!(by.accept_invitation(id, park).await.unwrap(), None);
        assert_eq!(by.invite(to(app, &email, Role::Editor)).await.unwrap(), Invited::NoSuchApp);
    })
    .await;
}

#[tokio::test]
async fn an_app_has_so_many_open() {
    on_each_engine(async |store| {
        let scene = Scene::set(&store).await;
        let by = store.by(someone(NOW));
        for n in 0..3 {
            made(&store, to(scene.app, &format!("p{n}@example.com"), Role::Editor), NOW).await;
        }
        assert_eq!(by.invite(to(scene.app, "p4@example.com", Role::Editor)).await.unwrap(), Invited::TooMany);
        made(&store, to(scene.app, "p1@example.com", Role::Owner), NOW).await;
        let later = NOW.plus(MINUTE);
        made(&store, to(scene.app, "p4@example.com", Role::Editor), later).await;
        assert_eq!(store.sweep(100, later).await.unwrap().rows, 4, "all four are over");
    })
    .await;
}

#[tokio::test]
async fn an_owner_is_not_made_an_editor_by_an_invitation() {
    on_each_engine(async |store| {
        let scene = Scene::set(&store).await;
        let by = store.by(someone(NOW));
        let email = format!("park-{}@example.com", number());
        let park = an_account(&store, &email, true).await;
        for (invited, member, becomes) in [
            (Role::Editor, "owner", Role::Owner),
            (Role::Owner, "editor", Role::Owner),
            (Role::Editor, "editor", Role::Editor),
        ] {
            let id = made(&store, to(scene.app, &email, invited), NOW).await;
            by.add_member(scene.app, park, member).await.unwrap();
            assert_eq!(by.accept_invitation(id, park).await.unwrap(), Some(scene.app));
            assert_eq!(store.app_for_member(scene.app, park).await.unwrap().unwrap().1, becomes);
            by.end_membership(scene.app, park).await.unwrap();
        }
    })
    .await;
}
