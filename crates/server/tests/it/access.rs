//! Who may do what, where the server asks for tokens.

use std::collections::BTreeSet;

use chainloom_server::{LedgerScope, NewToken, Permission, TokenFile};
use reqwest::redirect::Policy;
use reqwest::{Client, Method, Response};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::application::{Application, PATIENCE};
use crate::channel::{Channel, ChannelServer};

/// The templates of the pages, as their router has them.
const EXPLORER: &str = include_str!("../../src/explorer/mod.rs");
/// Those of health and metrics.
const OPERATIONS: &str = include_str!("../../src/operations/mod.rs");

/// The routes that need no token: what watches the server is told up or not, ready or not; and the page to sign in.
const OPEN: [&str; 5] = [
    "/healthz",
    "/readyz",
    "/sign-in",
    "/sign-out",
    "/explorer/assets/{name}",
];

/// The routes that any token opens; what they show of ledgers is what the token may read.
const ANY_TOKEN: [&str; 8] = [
    "/",
    "/explorer",
    "/explorer/",
    "/docs",
    "/docs/",
    "/docs/index.css",
    "/openapi.json",
    "/api/v1/ledgers",
];

/// A server that asks for tokens, and the file of the tokens.
struct Guarded {
    application: Application,
    file: TokenFile,
    /// Follows no redirects: they lead to pages that ask for a token themselves.
    client: Client,
    _folder: TempDir,
}

impl Guarded {
    async fn start() -> Guarded {
        let folder = TempDir::new().unwrap();
        let file = TokenFile::new(folder.path().join("tokens.json"));
        let tokens = Some(file.clone());
        let application = Application::with(1, |options| options.tokens = tokens).await;
        Guarded {
            application,
            file,
            client: Client::builder().redirect(Policy::none()).build().unwrap(),
            _folder: folder,
        }
    }

    /// Makes a token; answers its id and its secret.
    fn token(&self, may: &[Permission], ledger: &str) -> (String, String) {
        self.token_for(None, may, ledger)
    }

    /// The same, with an identity.
    fn token_for(
        &self,
        identity: Option<&str>,
        may: &[Permission],
        ledger: &str,
    ) -> (String, String) {
        let ledgers = Some(ledger.to_owned()).filter(|name| !name.is_empty());
        let new = NewToken {
            name: None,
            identity: identity.map(str::to_owned),
            ledgers: LedgerScope::of(ledgers),
            may: may.iter().copied().collect::<BTreeSet<_>>(),
            expires: None,
        };
        let (token, secret) = self.file.create(new).unwrap();
        (token.id(), secret.reveal().to_owned())
    }

    async fn ask(&self, method: Method, path: &str, secret: Option<&str>) -> Response {
        let url = format!("http://{}{path}", self.application.address);
        let mut request = self.client.request(method.clone(), url).timeout(PATIENCE);
        if let Some(secret) = secret {
            request = request.bearer_auth(secret);
        }
        if method == Method::POST && path.starts_with("/api") {
            request = request.json(&json!({"function": "transfer", "args": ["a", "b", "1"]}));
        }
        request.send().await.unwrap()
    }
}

/// Every route: those that the description names, those in the routers' source, the tutorial's.
async fn routes(guarded: &Guarded) -> Vec<(Method, String)> {
    let (_, secret) = guarded.token(&[Permission::Read], "nothing");
    let document = guarded.ask(Method::GET, "/openapi.json", Some(&secret));
    let document: Value = document.await.json().await.unwrap();
    let mut routes = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys() {
            let method = method.to_ascii_uppercase();
            routes.push((method.parse().unwrap(), path.clone()));
        }
    }
    assert!(routes.len() > 15, "{routes:?}");
    for source in [EXPLORER, OPERATIONS] {
        let before = routes.len();
        for call in source.split(".route(").skip(1) {
            let template = call.split('"').nth(1).unwrap();
            let handlers = call.split("\n        .").next().unwrap();
            for (word, method) in [("get(", Method::GET), ("post(", Method::POST)] {
                if handlers.contains(word) {
                    routes.push((method, template.to_owned()));
                }
            }
        }
        assert!(routes.len() > before + 2, "{routes:?}");
    }
    for path in ["/chain", "/mine", "/nodes/resolve", "//chain", "/%6dine"] {
        routes.push((Method::GET, path.to_owned()));
    }
    for path in ["/transactions/new", "/nodes/register"] {
        routes.push((Method::POST, path.to_owned()));
    }
    for path in ["/docs", "/docs/", "/docs/index.css", "/openapi.json"] {
        routes.push((Method::GET, path.to_owned()));
    }
    routes
}

/// The template with something in the place of its variables.
fn filled(template: &str) -> String {
    let parts = template.split('/').map(|part| match part {
        "{ledger}" => "tutorial",
        "{name}" => "explorer.css",
        part if part.starts_with('{') => "1",
        part => part,
    });
    parts.collect::<Vec<_>>().join("/")
}

async fn problem(response: Response) -> (u16, String, Option<String>) {
    let status = response.status().as_u16();
    let header = |name: &str| {
        let value = response.headers().get(name)?;
        Some(value.to_str().unwrap().to_owned())
    };
    let challenge = header("www-authenticate");
    assert_eq!(
        header("content-type").as_deref(),
        Some("application/problem+json"),
        "{}",
        response.url()
    );
    let body: Value = response.json().await.unwrap();
    (status, body["code"].as_str().unwrap().to_owned(), challenge)
}

#[tokio::test]
async fn every_route_asks_for_a_token_and_for_one_that_may() {
    let guarded = Guarded::start().await;
    let all = guarded.token(&Permission::ALL, "*").1;
    let other = guarded
        .token(&[Permission::Read, Permission::Query], "other")
        .1;
    let mut asked = BTreeSet::new();
    for (method, template) in routes(&guarded).await {
        let path = filled(&template);
        let name = format!("{method} {template}");
        let ask = |secret| guarded.ask(method.clone(), &path, secret);
        let nobody = ask(None).await;
        if OPEN.contains(&template.as_str()) {
            assert_ne!(nobody.status(), 401, "{name}");
            assert_ne!(nobody.status(), 403, "{name}");
            continue;
        }
        assert_eq!(nobody.status(), 401, "{name}");
        let challenge = nobody.headers()["www-authenticate"].to_str().unwrap();
        assert!(challenge.starts_with("Bearer"), "{name}: {challenge}");
        let foreign = ask(Some(&other)).await.status();
        match ANY_TOKEN.contains(&template.as_str())
            || template.starts_with("/explorer") && method == Method::GET && is_target(&template)
        {
            true => assert!(foreign != 401 && foreign != 403, "{name}: {foreign}"),
            false => assert_eq!(foreign, 403, "{name}"),
        }
        // Were there no rule, this would be refused too.
        let allowed = ask(Some(&all)).await.status();
        assert!(allowed != 401 && allowed != 403, "{name}: {allowed}");
        asked.insert(name);
    }
    assert!(asked.len() > 45, "{asked:?}");
}

/// Whether a page is only a form's target, which leads to the overview when it is opened.
fn is_target(template: &str) -> bool {
    let ends = [
        "register", "forget", "resolve", "send", "mine", "query", "invoke",
    ];
    ends.iter()
        .any(|end| template.ends_with(&format!("/{end}")))
}

#[tokio::test]
async fn a_permission_opens_what_it_is_for_and_nothing_else() {
    let guarded = Guarded::start().await;
    let cases = [
        (
            Permission::Read,
            Method::GET,
            "/api/v1/ledgers/tutorial/blocks",
        ),
        (Permission::Read, Method::GET, "/chain"),
        (Permission::Read, Method::GET, "/explorer/tutorial/blocks"),
        (
            Permission::Query,
            Method::POST,
            "/api/v1/ledgers/tutorial/query",
        ),
        (
            Permission::Invoke,
            Method::POST,
            "/api/v1/ledgers/tutorial/invoke",
        ),
        (
            Permission::Invoke,
            Method::POST,
            "/api/v1/ledgers/tutorial/mine",
        ),
        (Permission::Invoke, Method::GET, "/mine"),
        (Permission::Manage, Method::GET, "/nodes/resolve"),
        (
            Permission::Manage,
            Method::POST,
            "/api/v1/ledgers/tutorial/peers/resolve",
        ),
    ];
    for permission in Permission::ALL {
        let (_, secret) = guarded.token(&[permission], "tutorial");
        for (needed, method, path) in &cases {
            let status = guarded
                .ask(method.clone(), path, Some(&secret))
                .await
                .status();
            assert_eq!(
                status == 403,
                permission != *needed,
                "{permission} {path}: {status}"
            );
        }
    }
}

#[tokio::test]
async fn a_token_sees_its_own_ledgers_only() {
    let guarded = Guarded::start().await;
    let list = async |secret: &str| {
        let answer = guarded
            .ask(Method::GET, "/api/v1/ledgers", Some(secret))
            .await;
        let answer: Value = answer.json().await.unwrap();
        answer["ledgers"].as_array().unwrap().len()
    };
    let read = |ledger| guarded.token(&[Permission::Read], ledger).1;
    assert_eq!(list(&read("tutorial")).await, 1);
    assert_eq!(list(&read("*")).await, 1);
    assert_eq!(list(&read("other")).await, 0);
    assert_eq!(list(&guarded.token(&[Permission::Invoke], "*").1).await, 0);
    let page = guarded.ask(Method::GET, "/", Some(&read("other"))).await;
    assert_eq!(page.status(), 404);
    let page = page.text().await.unwrap();
    assert!(page.contains("may read no ledger"), "{page}");
    assert!(!page.contains("tutorial"), "{page}");
    // Neither does a refusal tell what there is.
    for ledger in ["tutorial", "nothing"] {
        let path = format!("/api/v1/ledgers/{ledger}");
        let refused = guarded.ask(Method::GET, &path, Some(&read("other"))).await;
        let (status, code, _) = problem(refused).await;
        assert_eq!((status, code.as_str()), (403, "ledger_not_permitted"));
    }
    // Metrics are about all ledgers at once.
    let metrics = |secret: String| async { problem_of(&guarded, "/metrics", secret).await };
    assert_eq!(
        metrics(read("tutorial")).await.as_deref(),
        Some("every_ledger_needed")
    );
    assert_eq!(metrics(read("*")).await, None);
    let ready = guarded.ask(Method::GET, "/readyz", None).await;
    assert!(!ready.text().await.unwrap().contains("tutorial"));
}

async fn problem_of(guarded: &Guarded, path: &str, secret: String) -> Option<String> {
    let answer = guarded.ask(Method::GET, path, Some(&secret)).await;
    match answer.status().as_u16() {
        200 => None,
        _ => Some(problem(answer).await.1),
    }
}

#[tokio::test]
async fn each_refusal_has_its_code() {
    let guarded = Guarded::start().await;
    let path = "/api/v1/ledgers/tutorial";
    let answer = async |header: Option<&str>| {
        let mut request = guarded.application.request(Method::GET, path);
        if let Some(header) = header {
            request = request.header("Authorization", header);
        }
        problem(request.send().await.unwrap()).await
    };
    let bearer = |code: &str, error: &str| {
        let challenge = format!("Bearer realm=\"chainloom\"{error}");
        (401, code.to_owned(), Some(challenge))
    };
    let invalid = ", error=\"invalid_token\"";
    assert_eq!(answer(None).await, bearer("token_missing", ""));
    for header in ["Bearer x", "Basic eA==", "Bearer"] {
        assert_eq!(
            answer(Some(header)).await,
            bearer("token_malformed", invalid),
            "{header}"
        );
    }
    let unknown = format!("Bearer chainloom_{}", "0".repeat(64));
    assert_eq!(
        answer(Some(&unknown)).await,
        bearer("token_unknown", invalid)
    );
    let (id, secret) = guarded.token(&[Permission::Read], "tutorial");
    let header = format!("Bearer {secret}");
    let ask = |method| guarded.ask(method, path, Some(&secret));
    assert_eq!(ask(Method::GET).await.status(), 200);
    // A method that no rule names.
    let (status, code, challenge) = problem(ask(Method::PUT).await).await;
    assert_eq!(
        (status, code.as_str(), challenge),
        (403, "not_permitted", None)
    );
    guarded.file.revoke(&id).unwrap();
    assert_eq!(
        answer(Some(&header)).await,
        bearer("token_revoked", invalid)
    );

    let invoke = [Permission::Invoke];
    let nobody = guarded.token(&invoke, "tutorial").1;
    let alice = guarded
        .token_for(Some("alice@Org1MSP"), &invoke, "tutorial")
        .1;
    for (secret, identity, status, code) in [
        (&nobody, "alice@Org1MSP", 403, "identity_missing"),
        (&alice, "bob@Org1MSP", 403, "other_identity"),
        (&alice, "alice", 403, "other_identity"),
        (&alice, "alice@Org1MSP", 202, ""),
    ] {
        let body = json!({"function": "transfer", "args": ["a", "b", "1"], "identity": identity});
        let path = "/api/v1/ledgers/tutorial/invoke";
        let request = guarded.application.request(Method::POST, path).json(&body);
        let answer = request.bearer_auth(secret).send().await.unwrap();
        assert_eq!(answer.status(), status, "{identity}");
        let answer: Value = answer.json().await.unwrap();
        assert_eq!(answer["code"].as_str().unwrap_or_default(), code);
    }
    std::fs::write(guarded.file.path(), "{").unwrap();
    let (status, code, _) = answer(Some(&header)).await;
    assert_eq!((status, code.as_str()), (503, "tokens_unusable"));
}

#[tokio::test]
async fn a_channel_without_a_wallet_takes_no_identity() {
    let folder = TempDir::new().unwrap();
    let file = TokenFile::new(folder.path().join("tokens.json"));
    let channel = Channel::new();
    let called = channel.called.clone();
    let tokens = Some(file.clone());
    let server = ChannelServer::with(&[("trade", channel)], Some("probe"), |options| {
        options.tokens = tokens;
    });
    let new = |identity: Option<&str>| NewToken {
        name: None,
        identity: identity.map(str::to_owned),
        ledgers: LedgerScope::of(["trade".to_owned()]),
        may: BTreeSet::from([Permission::Invoke]),
        expires: None,
    };
    for (identity, expected) in [
        (Some("alice@Org1MSP"), "no_wallet"),
        (None, "identity_missing"),
    ] {
        let (_, secret) = file.create(new(identity)).unwrap();
        let body = json!({"function": "put", "args": ["a", "1"]});
        let url = format!("http://{}/api/v1/ledgers/trade/invoke", server.address);
        let request = Client::new().post(url).timeout(PATIENCE).json(&body);
        let answer = request.bearer_auth(secret.reveal()).send().await.unwrap();
        let (status, code, _) = problem(answer).await;
        assert_eq!((status, code.as_str()), (403, expected));
    }
    assert!(called.lock().unwrap().is_none(), "nothing was called");
}

#[tokio::test]
async fn nobody_chooses_an_identity_where_nobody_is_asked() {
    let application = Application::start().await;
    let body =
        json!({"function": "transfer", "args": ["a", "b", "1"], "identity": "alice@Org1MSP"});
    let answer = application
        .post("/api/v1/ledgers/tutorial/invoke", body)
        .await;
    let (status, code, _) = problem(answer).await;
    assert_eq!((status, code.as_str()), (403, "tokens_off"));
}

#[tokio::test]
async fn an_event_stream_ends_with_its_token() {
    let guarded = Guarded::start().await;
    let (id, secret) = guarded.token(&[Permission::Read], "tutorial");
    let path = "/api/v1/ledgers/tutorial/events";
    let mut stream = guarded.ask(Method::GET, path, Some(&secret)).await;
    assert_eq!(stream.status(), 200);
    assert!(stream.chunk().await.unwrap().is_some());
    let waiting = tokio::spawn(async move { stream.chunk().await });
    guarded.file.revoke(&id).unwrap();
    let ended = tokio::time::timeout(PATIENCE, waiting)
        .await
        .unwrap()
        .unwrap();
    assert!(ended.is_err(), "it broke off: {ended:?}");
    assert_eq!(
        guarded.ask(Method::GET, path, Some(&secret)).await.status(),
        401
    );
}

#[tokio::test]
async fn a_browser_signs_in_with_a_cookie() {
    let guarded = Guarded::start().await;
    let (_, secret) = guarded.token(&[Permission::Read, Permission::Invoke], "tutorial");
    let address = guarded.application.address;
    let page = guarded
        .ask(Method::GET, "/explorer/tutorial/blocks?from=1", None)
        .await;
    assert_eq!(page.status(), 401);
    let page = page.text().await.unwrap();
    assert!(
        page.contains("value=\"/explorer/tutorial/blocks?from=1\""),
        "{page}"
    );

    let submit = async |token: &str, next: &str, origin: &str| {
        let body: String = form_urlencoded(&[("token", token), ("next", next)]);
        let headers = [
            ("Content-Type", "application/x-www-form-urlencoded"),
            ("Origin", origin),
        ];
        let application = &guarded.application;
        application
            .raw_with_body("POST", "/sign-in", &headers, body.as_bytes())
            .await
    };
    let own = format!("http://{address}");
    let wrong = submit("chainloom_x", "/", &own).await;
    assert_eq!(wrong.status(), 401);
    assert!(wrong.body.contains("not the form") || wrong.body.contains("has not the form"));
    assert_eq!(wrong.header("set-cookie"), None);
    assert_eq!(
        submit(&secret, "/", "http://evil.example").await.status(),
        403
    );
    let elsewhere = submit(&secret, "https://evil.example", &own).await;
    assert_eq!(elsewhere.header("location"), Some("/"));
    let signed_in = submit(&secret, "/explorer/tutorial/blocks", &own).await;
    assert_eq!(signed_in.status(), 303);
    assert_eq!(
        signed_in.header("location"),
        Some("/explorer/tutorial/blocks")
    );
    let cookie = signed_in.header("set-cookie").unwrap();
    let expected = format!(
        "chainloom_token_{}={secret}; Path=/; HttpOnly; SameSite=Strict",
        address.port()
    );
    assert_eq!(cookie, expected);

    let pair = cookie.split(';').next().unwrap();
    let with_cookie = async |method: &str, path: &str, more: &[(&str, &str)]| {
        let headers = [&[("Cookie", pair)], more].concat();
        guarded.application.raw(method, path, &headers).await
    };
    let page = with_cookie("GET", "/", &[]).await;
    assert_eq!(page.status(), 200);
    assert!(page.body.contains("Sign out"), "{}", page.body);
    // Another site has no use of the cookie, should a browser send it.
    let foreign = [("Origin", "http://evil.example")];
    for path in ["/explorer/tutorial/mine", "/sign-out"] {
        let refused = with_cookie("POST", path, &foreign).await;
        assert_eq!(refused.status(), 403, "{path}");
    }
    let foreign = [("Sec-Fetch-Site", "same-site")];
    assert_eq!(with_cookie("GET", "/mine", &foreign).await.status(), 403);
    assert_eq!(guarded.application.node.head().length, 1);
    let out = with_cookie("POST", "/sign-out", &[("Origin", own.as_str())]).await;
    assert_eq!(out.status(), 303);
    assert!(out.header("set-cookie").unwrap().contains("=; Path=/"));
    assert!(out.header("set-cookie").unwrap().ends_with("; Max-Age=0"));
}

fn form_urlencoded(fields: &[(&str, &str)]) -> String {
    let encode = |text: &str| {
        let bytes = text.bytes();
        bytes.map(|byte| format!("%{byte:02x}")).collect::<String>()
    };
    let fields = fields.iter();
    let fields: Vec<String> = fields
        .map(|(name, value)| format!("{name}={}", encode(value)))
        .collect();
    fields.join("&")
}
