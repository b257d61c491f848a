use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};

use crate::application::{Application, PATIENCE};

const EVENTS: &str = "/api/v1/ledgers/tutorial/events";

/// A reader of server-sent events.
struct Reader {
    response: Response,
    text: String,
}

/// An event's id, type and data.
type Event = (String, String, Value);

impl Reader {
    async fn open(application: &Application, path: &str, last: Option<&str>) -> Reader {
        let mut request = application.request(Method::GET, path);
        if let Some(last) = last {
            request = request.header("Last-Event-ID", last);
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Reader {
            response,
            text: String::new(),
        }
    }

    async fn next(&mut self) -> Event {
        loop {
            while let Some((event, rest)) = self.text.split_once("\n\n") {
                let event = event.to_owned();
                self.text = rest.to_owned();
                if event.starts_with("id: ") {
                    return parsed(&event);
                }
            }
            let chunk = tokio::time::timeout(PATIENCE, self.response.chunk()).await;
            let chunk = chunk.unwrap().unwrap().expect("the stream goes on");
            self.text.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }
}

fn parsed(event: &str) -> Event {
    let field = |name: &str| {
        let mut values = event.lines().filter_map(|line| line.strip_prefix(name));
        values.next().unwrap().to_owned()
    };
    let data = serde_json::from_str(&field("data: ")).unwrap();
    (field("id: "), field("event: "), data)
}

#[tokio::test]
async fn tells_of_each_block_as_it_comes() {
    let application = Application::start().await;
    application.mine().await;
    let mut reader = Reader::open(&application, EVENTS, None).await;
    application.mine().await;
    let (id, kind, data) = reader.next().await;
    assert_eq!((id.as_str(), kind.as_str()), ("0-3", "block"));
    let listed = application.read("/blocks?limit=1").await;
    assert_eq!(data, listed["blocks"][0]);
    application.mine().await;
    assert_eq!(reader.next().await.0, "0-4");

    let path = format!("{EVENTS}?from=1");
    let mut from = Reader::open(&application, &path, None).await;
    for id in ["0-1", "0-2", "0-3", "0-4"] {
        assert_eq!(from.next().await.0, id);
    }
    let mut resumed = Reader::open(&application, EVENTS, Some("0-2")).await;
    for id in ["0-3", "0-4"] {
        assert_eq!(resumed.next().await.0, id);
    }
}

#[tokio::test]
async fn waits_for_a_first_block_that_is_still_to_come() {
    let application = Application::start().await;
    let path = format!("{EVENTS}?from=3");
    let mut reader = Reader::open(&application, &path, None).await;
    for _ in 0..3 {
        application.mine().await;
    }
    for id in ["0-3", "0-4"] {
        let (told, kind, _) = reader.next().await;
        assert_eq!((told.as_str(), kind.as_str()), (id, "block"));
    }
}

#[tokio::test]
async fn waits_for_it_through_a_replaced_chain_too() {
    let ours = Application::start().await;
    let theirs = Application::start().await;
    theirs.mine().await;
    let mut reader = Reader::open(&ours, &format!("{EVENTS}?from=4"), None).await;
    let peers = json!({"nodes": [theirs.address.to_string()]});
    ours.post("/nodes/register", peers).await;
    ours.get("/nodes/resolve").await;
    for _ in 0..2 {
        ours.mine().await;
    }
    assert_eq!(reader.next().await.0, "1-4");
}

#[tokio::test]
async fn tells_of_a_replaced_chain_first() {
    let ours = Application::start().await;
    let theirs = Application::start().await;
    ours.mine().await;
    for _ in 0..2 {
        theirs.mine().await;
    }
    let mut live = Reader::open(&ours, &format!("{EVENTS}?from=2"), None).await;
    assert_eq!(live.next().await.0, "0-2");
    let peers = json!({"nodes": [theirs.address.to_string()]});
    ours.post("/nodes/register", peers).await;
    let resolved = ours.get("/nodes/resolve").await;
    assert_eq!(resolved.status(), StatusCode::OK);
    let mut resumed = Reader::open(&ours, EVENTS, Some("0-2")).await;
    for reader in [&mut live, &mut resumed] {
        let replaced = ("1-0".to_owned(), "replaced".to_owned(), json!({"from": 1}));
        assert_eq!(reader.next().await, replaced);
        for id in ["1-1", "1-2", "1-3"] {
            assert_eq!(reader.next().await.0, id);
        }
    }
    // Resuming between the replacement and the new blocks misses none of them.
    let mut between = Reader::open(&ours, EVENTS, Some("1-0")).await;
    assert_eq!(between.next().await.0, "1-1");
}

#[tokio::test]
async fn an_id_of_another_ledger_begins_anew_and_a_wrong_one_is_refused() {
    let application = Application::start().await;
    let mut reader = Reader::open(&application, EVENTS, Some("7-9")).await;
    assert_eq!(reader.next().await.1, "replaced");
    assert_eq!(reader.next().await.0, "0-1");
    for id in ["x", "1", "-", "1-2-x", "1-2-3-4"] {
        let request = application.request(Method::GET, EVENTS);
        let refused = request.header("Last-Event-ID", id).send().await.unwrap();
        assert_eq!(refused.status(), StatusCode::BAD_REQUEST, "{id}");
        let problem: Value = refused.json().await.unwrap();
        assert_eq!(problem["code"], "invalid_last_event_id");
    }
}

#[tokio::test]
async fn a_stream_too_many_is_told_to_come_back() {
    let application = Application::with(4, |options| options.limits.event_streams = 1).await;
    let first = Reader::open(&application, EVENTS, None).await;
    let refused = application.get(EVENTS).await;
    assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(refused.headers()["retry-after"], "5");
    drop(first);
    let freed = async {
        while application.get(EVENTS).await.status() != StatusCode::OK {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, freed).await.unwrap();
}

#[tokio::test]
async fn transactions_are_told_one_by_one_and_each_can_be_gone_on_behind() {
    let application = Application::start().await;
    let transfer = json!({"sender": "a", "recipient": "b", "amount": 1});
    application.post("/transactions/new", transfer).await;
    application.mine().await;
    let path = format!("{EVENTS}?kinds=transaction,block&from=2");
    let mut reader = Reader::open(&application, &path, None).await;
    let listed = application
        .read("/transactions?from=2&order=oldest_first")
        .await;
    for (index, id) in ["0-2-0", "0-2-1"].into_iter().enumerate() {
        let (told, kind, data) = reader.next().await;
        assert_eq!((told.as_str(), kind.as_str()), (id, "transaction"));
        assert_eq!(data, listed["transactions"][index]);
    }
    assert_eq!(reader.next().await.0, "0-2");
    let mut resumed = Reader::open(&application, &path, Some("0-2-0")).await;
    for id in ["0-2-1", "0-2"] {
        assert_eq!(resumed.next().await.0, id);
    }
}

#[tokio::test]
async fn a_choice_that_chooses_nothing_is_refused() {
    let application = Application::start().await;
    for query in [
        "kinds=news",
        "kinds=block,",
        "kinds=",
        "event=sold",
        "kinds=transaction&event=sold",
        "contract=coin",
        "invalid=true",
        "kinds=transaction&invalid=yes",
        "kind=block",
    ] {
        let refused = application.get(&format!("{EVENTS}?{query}")).await;
        assert_eq!(refused.status(), StatusCode::BAD_REQUEST, "{query}");
    }
    let path = format!("{EVENTS}?kinds=contract_event&contract=coin&event=sold&invalid=false");
    assert_eq!(application.get(&path).await.status(), StatusCode::OK);
}
