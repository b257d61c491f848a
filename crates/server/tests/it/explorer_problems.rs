use reqwest::StatusCode;

use crate::application::Application;

#[tokio::test]
async fn a_page_that_says_what_was_wrong_leads_on_to_what_is_served() {
    let application = Application::named("village", 4, |_| {}).await;
    for path in [
        "/explorer/village/blocks/99",
        "/explorer/village/blocks/x",
        "/explorer/village/search?q=nobody",
        "/explorer/tutorial/blocks",
        "/explorer/village/nothing/there",
    ] {
        let answer = application.get(path).await;
        assert!(answer.status().is_client_error(), "{path}");
        assert_eq!(answer.headers()["content-type"], "text/html; charset=utf-8");
        let page = answer.text().await.unwrap();
        assert!(
            !page.contains("href=\"/explorer/tutorial"),
            "{path}: {page}"
        );
        for link in ["/explorer/village/blocks", "/explorer/village/peers"] {
            assert!(page.contains(&format!("href=\"{link}\"")), "{path}: {page}");
            assert_eq!(application.get(link).await.status(), StatusCode::OK);
        }
    }
}
