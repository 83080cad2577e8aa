//! The icons of apps: drawn anew, found by their digest, shown where the app is named.

use std::io::Cursor;

use bizauth::view::Notice;
use bizauth_core::app::AppKind;
use bizauth_core::id::AppId;
use bizauth_core::secret::Digest;
use image::{ImageFormat, Rgba, RgbaImage};

use crate::console_apps::{developer, done, last_act, named, refused};
use crate::world::{Answer, Person, World};

fn picture(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    RgbaImage::from_pixel(width, height, Rgba([10, 120, 200, 255])).write_to(&mut file, format).unwrap();
    file.into_inner()
}

/// Sends a file as the icon of an app.
pub async fn sends(who: &Person, app: AppId, name: &str, file: Vec<u8>) -> Answer {
    let (page, act) = (format!("/console/apps/{app}/settings"), format!("/console/apps/{app}/icon"));
    let token = who.form_token(&page, &act).await;
    // As a browser writes it; reqwest's own multipart is not among our features.
    let mut body = format!(
        "--x\r\ncontent-disposition: form-data; name=\"form_token\"\r\n\r\n{token}\r\n--x\r\n\
         content-disposition: form-data; name=\"icon\"; filename=\"{name}\"\r\ncontent-type: image/png\r\n\r\n"
    )
    .into_bytes();
    body.extend(file);
    body.extend(b"\r\n--x--\r\n");
    let request = who.browser.post(format!("{}{act}", who.base));
    Answer::of(request.header("content-type", "multipart/form-data; boundary=x").body(body)).await
}

/// What the icon of an app is found by.
pub async fn icon(world: &World, app: AppId) -> Option<Digest> {
    world.store().app(app).await.unwrap().unwrap().app.icon
}

#[tokio::test]
async fn an_icon_is_drawn_anew_and_shown_wherever_the_app_is_named() {
    let world = World::new().await;
    let kim = developer(&world, "kim@example.com").await;
    let app = world.app_of(AppKind::Biz, None, Some(kim.id)).await;
    let sent = picture(300, 200, ImageFormat::Png);
    let answer = sends(&kim, app.id, "달.png", sent.clone()).await;
    let settings = format!("/console/apps/{}/settings", app.id);
    let page = done(&kim, &answer, &settings, "The icon has been set.").await;
    assert_eq!(last_act(&world).await, ("icon.set".to_owned(), "kim@example.com".to_owned()));
    let digest = icon(&world, app.id).await.unwrap();
    let address = format!("/icons/{}", digest.hex());
    assert!(page.body.contains(&address) && kim.opens("/console").await.body.contains(&address));
    let screen = world.owner("choi@example.com").await.asked(&app.authorize("scope=moment_management")).await;
    assert!(screen.body.contains(&format!("src=\"{address}\"")), "also on the consent screen: {}", screen.body);

    let response = world.http.get(format!("{}{address}", world.base)).send().await.unwrap();
    let header = |name: &str| response.headers().get(name).unwrap().to_str().unwrap().to_owned();
    assert_eq!(response.status(), 200);
    for (name, value) in [
        ("content-type", "image/png"),
        ("cache-control", "public, max-age=31536000, immutable"),
        ("x-content-type-options", "nosniff"),
        ("content-disposition", "inline; filename=\"icon.png\""),
        ("content-security-policy", "default-src 'none'"),
    ] {
        assert_eq!(header(name), value);
    }
    let served = response.bytes().await.unwrap();
    assert!(served != sent && Digest::of(&served) == digest);
    let drawn = image::load_from_memory_with_format(&served, ImageFormat::Png).unwrap();
    assert_eq!((drawn.width(), drawn.height()), (256, 256));

    let answer = kim.submits(&settings, &format!("/console/apps/{}/icon/delete", app.id), &[]).await;
    done(&kim, &answer, &settings, "The icon has been removed.").await;
    assert_eq!(icon(&world, app.id).await, None);
    assert_eq!(kim.opens(&address).await.status, 404);
}

#[tokio::test]
async fn an_address_that_is_no_digest_is_not_found() {
    let world = World::new().await;
    let kim = developer(&world, "kim@example.com").await;
    let none = Digest::of(b"no icon").hex();
    for name in [none.as_str(), &none.to_uppercase(), &none[1..], "x", "..%2Fstatic", "%00"] {
        assert_eq!(kim.opens(&format!("/icons/{name}")).await.status, 404, "{name}");
    }
}

#[tokio::test]
async fn what_is_no_icon_is_told_beside_its_field() {
    let world = World::new().await;
    let kim = developer(&world, "kim@example.com").await;
    let app = named(&world, "Shop", AppKind::Biz, &kim).await;
    let png = picture(100, 100, ImageFormat::Png);
    for (name, file, sentence) in [
        ("", Vec::new(), "Choose a picture."),
        ("x.png", b"<svg xmlns='http://www.w3.org/2000/svg'/>".to_vec(), "This is not a PNG, JPEG or WebP picture."),
        ("x.png", b"GIF89a\x01\0\x01\0\0\0\0;".to_vec(), "This is not a PNG, JPEG or WebP picture."),
        ("x.png", png[..60].to_vec(), "The picture cannot be read. It may be damaged; save it afresh and try again."),
        ("x.png", picture(20, 20, ImageFormat::Png), "The picture must be from 64 to 2,048 pixels wide and high."),
        ("x.png", vec![7; 1024 * 1024 + 1], "The file is larger than 1 MB. Choose a smaller one."),
    ] {
        refused(&sends(&kim, app, name, file).await, &[sentence]);
    }
    sends(&kim, app, "x.png", vec![7; 3 * 1024 * 1024]).await.says(Notice::TooLarge);
    assert_eq!(icon(&world, app).await, None, "nothing was kept");
}
