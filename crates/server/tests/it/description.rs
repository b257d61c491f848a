use serde_json::{Value, json};

use crate::application::Application;

#[tokio::test]
async fn describes_every_route_of_the_api() {
    let application = Application::start().await;
    let document: Value = application.get("/openapi.json").await.json().await.unwrap();
    let mut routes = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let responses = operation["responses"].as_object().unwrap();
            let statuses: Vec<&str> = responses.keys().map(String::as_str).collect();
            routes.push(format!("{method} {path} {}", statuses.join(" ")));
        }
    }
    routes.sort();
    insta::assert_snapshot!(routes.join("\n"));
    // What is named is described.
    let text = document.to_string();
    for reference in text.split("#/components/schemas/").skip(1) {
        let name = reference.split('"').next().unwrap();
        let schema = &document["components"]["schemas"][name];
        assert!(!schema.is_null(), "{name} is not described");
    }
}

#[tokio::test]
async fn says_how_a_token_is_sent() {
    let application = Application::start().await;
    let document: Value = application.get("/openapi.json").await.json().await.unwrap();
    let scheme = &document["components"]["securitySchemes"]["token"];
    assert_eq!(scheme["type"], "http");
    assert_eq!(scheme["scheme"], "bearer");
    // A server that asks for none takes what has none.
    assert_eq!(document["security"], json!([{}, {"token": []}]));
    let paths = document["paths"].as_object().unwrap().values();
    let operations = paths.flat_map(|path| path.as_object().unwrap().values());
    for operation in operations {
        assert!(operation["security"].is_null(), "{operation}");
    }
}

#[tokio::test]
async fn shows_the_description_with_nothing_from_outside() {
    let application = Application::start().await;
    let page = application.get("/docs").await;
    assert_eq!(page.url().path(), "/docs/");
    let page = page.text().await.unwrap();
    assert!(page.contains("swagger-ui"));
    let initializer = application.get("/docs/swagger-initializer.js").await;
    let initializer = initializer.text().await.unwrap();
    assert!(initializer.contains("/openapi.json"), "{initializer}");
    for text in [&page, &initializer] {
        assert!(
            !text.contains("http://") && !text.contains("https://"),
            "{text}"
        );
    }
    for file in page
        .split(['"', '\''])
        .filter(|part| part.starts_with("./"))
    {
        let path = file.trim_start_matches("./");
        let answer = application.get(&format!("/docs/{path}")).await;
        assert_eq!(answer.status(), 200, "{path}");
    }
    assert_eq!(application.get("/docs/nope.js").await.status(), 404);
}
