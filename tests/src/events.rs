//! Readers of server-sent events.

use serde_json::Value;

use crate::node::Node;

/// One event of a stream.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// By which a reader goes on behind it.
    pub id: String,
    /// Its kind.
    pub name: String,
    /// What it tells.
    pub data: Value,
}

/// A connection to the stream of events.
#[derive(Debug)]
pub struct Events {
    answer: reqwest::Response,
    buffer: String,
}

impl Events {
    /// Asks for a ledger's events, behind the last one that was received where there is one.
    ///
    /// # Panics
    /// When they are refused.
    pub async fn open(node: &Node, ledger: &str, query: &str, last_event_id: Option<&str>) -> Self {
        let url = node.url(&format!("/api/v1/ledgers/{ledger}/events{query}"));
        // No limit of time: some of them wait for long.
        let patient = reqwest::Client::builder().no_proxy().build();
        let mut request = patient.expect("the settings are valid").get(url);
        if let Some(id) = last_event_id {
            request = request.header("Last-Event-ID", id);
        }
        let answer = request.send().await.expect("an answer");
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["content-type"], "text/event-stream");
        Self {
            answer,
            buffer: String::new(),
        }
    }

    /// The next event; comments and settings are passed over. `None` when the stream ends.
    ///
    /// # Panics
    /// When it is no JSON.
    pub async fn next(&mut self) -> Option<Event> {
        loop {
            while let Some((text, rest)) = self.buffer.split_once("\n\n") {
                let event = parse(text);
                self.buffer = rest.to_owned();
                if event.is_some() {
                    return event;
                }
            }
            let chunk = self.answer.chunk().await.ok()??;
            self.buffer.push_str(&String::from_utf8_lossy(&chunk));
        }
    }

    /// The next events.
    ///
    /// # Panics
    /// When the stream ends before.
    pub async fn take(&mut self, count: usize) -> Vec<Event> {
        let mut events = Vec::new();
        for _ in 0..count {
            events.push(self.next().await.expect("the stream goes on"));
        }
        events
    }
}

fn parse(text: &str) -> Option<Event> {
    let field = |name: &str| {
        text.lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    };
    Some(Event {
        id: field("id")?.to_owned(),
        name: field("event")?.to_owned(),
        data: serde_json::from_str(field("data")?).expect("JSON"),
    })
}
