//! Following a ledger's events.

use std::time::Duration;

use http::HeaderName;

use crate::client::{Client, Request};
use crate::error::Error;
use crate::events::{Event, EventReader};
use crate::output::Output;

/// The header that says after which event a stream goes on.
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// How long to wait before a stream that ended is asked for again.
const RETRY: Duration = Duration::from_secs(1);

/// How an event is printed as a line; none for a kind that this version does not know.
pub(crate) type Line = fn(&Event) -> serde_json::Result<Option<String>>;

/// Prints events as they come. A server that goes away is waited for, and nothing is missed meanwhile: the stream goes on after the last event.
#[derive(Debug)]
pub(crate) struct Following<'a> {
    pub(crate) client: &'a Client,
    /// Prints what the server says rather than what people read.
    pub(crate) as_json: bool,
    pub(crate) line: Line,
    /// The last block to print; without it the end is Ctrl-C.
    pub(crate) until: Option<u64>,
    output: Output,
    last_id: Option<String>,
}

impl<'a> Following<'a> {
    pub(crate) fn new(client: &'a Client, as_json: bool, line: Line) -> Self {
        Self {
            client,
            as_json,
            line,
            until: None,
            output: Output::new(),
            last_id: None,
        }
    }

    /// Goes on until block `until` was told, where there is one. `ask` makes the request; where the stream begins holds for its first time alone.
    pub(crate) async fn run(
        mut self,
        from: Option<u64>,
        ask: impl Fn(Request) -> Request,
    ) -> Result<(), Error> {
        let mut connected = false;
        loop {
            match self.stream(from, &ask, &mut connected).await {
                Ok(true) => return Ok(()),
                Ok(false) | Err(Error::Broken { .. }) => {}
                Err(Error::NotRunning { .. }) if connected => {}
                Err(error) => return Err(error),
            }
            tokio::time::sleep(RETRY).await;
        }
    }

    /// Whether the end was reached.
    async fn stream(
        &mut self,
        from: Option<u64>,
        ask: &impl Fn(Request) -> Request,
        connected: &mut bool,
    ) -> Result<bool, Error> {
        let client = self.client;
        let request = ask(Request::get(&client.ledger_path(&["events"])))
            .parameter("from", from.filter(|_| self.last_id.is_none()))
            .header(LAST_EVENT_ID, self.last_id.clone());
        let mut answer = client.open(request).await?;
        *connected = true;
        let mut reader = EventReader::default();
        while let Some(bytes) = answer
            .chunk()
            .await
            .map_err(|error| client.failed(&error))?
        {
            let events = reader
                .push(&bytes)
                .map_err(|error| client.strange(&error.to_string()))?;
            for event in events {
                self.print(&event)?
                    .map_err(|error| client.strange(&error.to_string()))?;
            }
            if !reader.last_id().is_empty() {
                self.last_id = Some(reader.last_id().to_owned());
            }
            if self.is_at_end() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether the last block that was asked for is told: the id of a block has two numbers, and on a channel a mark behind a point.
    fn is_at_end(&self) -> bool {
        let (Some(until), Some(id)) = (self.until, &self.last_id) else {
            return false;
        };
        let place = id.split_once('.').map_or(id.as_str(), |(place, _)| place);
        let mut numbers = place.split('-').skip(1);
        let block = numbers.next().and_then(|number| number.parse::<u64>().ok());
        let is_whole = numbers.next().is_none();
        block.is_some_and(|block| block > until || (block == until && is_whole))
    }

    /// The outer error is the output's, the inner one the event's.
    fn print(&mut self, event: &Event) -> Result<serde_json::Result<()>, Error> {
        let line = match self.as_json {
            true => Ok(Some(json_line(event))),
            false => (self.line)(event),
        };
        match line {
            Ok(Some(line)) => self.output.line(&line)?,
            Ok(None) => {}
            Err(error) => return Ok(Err(error)),
        }
        self.output.flush()?;
        if !event.id.is_empty() {
            self.last_id = Some(event.id.clone());
        }
        Ok(Ok(()))
    }
}

/// The event as one line of JSON.
fn json_line(event: &Event) -> String {
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let (kind, id) = (quoted(&event.kind), quoted(&event.id));
    let data = event.data.replace('\n', " ");
    format!("{{\"event\":{kind},\"id\":{id},\"data\":{data}}}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_one_line_of_json() {
        let event = Event {
            kind: "replaced".to_owned(),
            id: "0-2".to_owned(),
            data: "{\"from\":\n1}".to_owned(),
        };
        assert_eq!(
            json_line(&event),
            r#"{"event":"replaced","id":"0-2","data":{"from": 1}}"#
        );
    }
}
