//! The error look-up: any code, message or answer leads to its cause and remedy, in the reader's language.

use bizauth_core::fault::{KapiFault, KauthFault};

use crate::world::{Answer, Person, World};

async fn look(kim: &Person, typed: &str) -> Answer {
    let mut answer = kim.submits("/console/errors", "/console/errors", &[("code", typed)]).await;
    if answer.status == 303 {
        answer = kim.opens(answer.location()).await;
    }
    assert_eq!(answer.status, 200, "{typed}: {answer:?}");
    answer.is_a_strict_page();
    answer
}

#[tokio::test]
async fn every_refusal_is_on_the_page_and_leads_to_its_remedy() {
    let world = World::new().await;
    let kim = world.newcomer("kim@example.com").await;
    kim.signs_in().await;
    let all = kim.opens("/console/errors").await;
    assert_eq!(all.all("tbody tr").len(), KauthFault::ALL.len() + KapiFault::ALL.len());
    assert_eq!(all.all("h1"), ["Error look-up"]);
    let found = look(&kim, "BadClientSecret").await;
    assert_eq!(found.all("h2")[0], "KOE010 The client secret is not right");
    let facts = found.all(".fault-card dd");
    assert!(facts[1].starts_with("Send the business client secret"), "{facts:?}");
    assert_eq!(facts[2], "Bad client credentials");
    assert_eq!(facts[3], "JSON · HTTP 401 · invalid_client");
}

#[tokio::test]
async fn a_code_a_message_or_an_answer_as_it_came_is_found() {
    let world = World::new().await;
    let (kim, app) = (world.newcomer("kim@example.com").await, world.app().await);
    kim.signs_in().await;
    for (typed, found) in [("koe028", 1), ("-401", 7), ("KOE320", 2), ("invalid_grant", 4), ("<script>", 0)] {
        assert_eq!(look(&kim, typed).await.all(".fault-card").len(), found, "{typed}");
    }
    let refused = app.redeems(&world, "no-such-code").await;
    assert_eq!(look(&kim, &refused.body).await.all("h2"), ["KOE320 The code cannot be used"]);
    let declined = world.get("/v1/business/tokeninfo").await;
    declined.declines(KapiFault::NoKey, "");
    assert_eq!(look(&kim, &declined.body).await.all("h2"), ["-401 No token or key was sent"]);
    let nothing = look(&kim, "KOE999").await;
    assert_eq!(nothing.all(".nothing-title"), ["Nothing fits what you typed"]);
    assert_eq!(nothing.values("#code"), ["KOE999"]);
}

/// An answer that is pasted may hold a code, a token or a secret, and an address is kept in many places.
#[tokio::test]
async fn only_a_code_stands_in_an_address() {
    const HERE: &str = "/console/errors";
    let world = World::new().await;
    let kim = world.newcomer("kim@example.com").await;
    kim.signs_in().await;
    assert!(kim.opens(HERE).await.all("form[method='get']").is_empty());
    for code in ["KOE320", "-401", "invalid_grant", "NoSuchToken"] {
        let found = kim.submits(HERE, HERE, &[("code", code)]).await;
        assert_eq!((found.status, found.location()), (303, format!("{HERE}?code={code}").as_str()));
        assert!(!kim.opens(found.location()).await.all(".fault-card").is_empty());
    }
    let secret = "authorization code not found for code=bac_s3cret";
    for pasted in
        [secret, "0123456789abcdef0123456789abcdef", "KOE320\nKOE320", "https://app.example.com/cb?error=x&state=s"]
    {
        let found = kim.submits(HERE, HERE, &[("code", pasted)]).await;
        assert_eq!((found.status, found.header("location")), (200, None), "{pasted}");
        assert!(found.hrefs("a").iter().all(|href| !href.contains("code=")), "{pasted}");
        assert_eq!(found.input("/logout", "next"), HERE);
    }
    assert_eq!(kim.submits(HERE, HERE, &[("code", " ")]).await.location(), HERE);
}

#[tokio::test]
async fn the_words_are_the_readers() {
    let world = World::new().await;
    let kim = world.newcomer("kim@example.com").await;
    kim.signs_in().await;
    kim.opens("/language?to=ko&next=%2Fconsole%2Ferrors").await;
    assert_eq!(look(&kim, "-10").await.all("h2"), ["-10 오늘의 쿼터를 모두 사용했습니다"]);
    assert_eq!(look(&kim, "점검").await.all(".fault-card").len(), 1);
}
