//! The icons of apps.

use bizauth_core::id::AppId;
use bizauth_core::secret::Digest;

use crate::engines::on_each_engine;
use crate::scene::{NOW, Scene, an_app, someone};

#[tokio::test]
async fn an_icon_is_found_by_its_digest() {
    on_each_engine(async |store| {
        let scene = Scene::set(&store).await;
        let other = an_app(&store, scene.user).await;
        let by = store.by(someone(NOW));
        let icon_of = async |app: AppId| store.app(app).await.unwrap().unwrap().app.icon;
        let (one, two) = (b"one picture".to_vec(), b"another".to_vec());
        assert_eq!(icon_of(scene.app).await, None);
        assert!(!by.set_icon(AppId(1), one.clone()).await.unwrap());
        for picture in [&two, &one] {
            assert!(by.set_icon(scene.app, picture.clone()).await.unwrap());
            assert_eq!(icon_of(scene.app).await, Some(Digest::of(picture)));
            assert_eq!(store.icon(Digest::of(picture)).await.unwrap().as_ref(), Some(picture));
        }
        assert_eq!(store.icon(Digest::of(&two)).await.unwrap(), None, "what was replaced is gone");
        assert!(by.set_icon(other, one.clone()).await.unwrap(), "two apps may look the same");
        assert!(by.remove_icon(scene.app).await.unwrap());
        assert!(!by.remove_icon(scene.app).await.unwrap());
        assert_eq!((icon_of(scene.app).await, icon_of(other).await), (None, Some(Digest::of(&one))));
        assert!(store.icon(Digest::of(&one)).await.unwrap().is_some());
        assert!(by.delete_app(other).await.unwrap());
        assert_eq!(store.icon(Digest::of(&one)).await.unwrap(), None, "it went with the app");
        assert!(!by.set_icon(other, one).await.unwrap());
    })
    .await;
}
