//! Reads server-sent events.

/// The longest event that is taken: a block as JSON.
const EVENT_BYTES_MAX: usize = 256 << 20;

/// One event.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Event {
    /// What it is; `message` where the server does not say.
    pub(crate) kind: String,
    /// Under which id the stream goes on after it.
    pub(crate) id: String,
    /// What it says.
    pub(crate) data: String,
}

/// An event that is longer than this program takes.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("an event is longer than {EVENT_BYTES_MAX} bytes")]
pub(crate) struct EventTooLong;

/// Takes bytes as they come and gives events when they are whole.
#[derive(Debug, Default)]
pub(crate) struct EventReader {
    line: Vec<u8>,
    event: Event,
    has_data: bool,
}

impl EventReader {
    /// Takes the next bytes; answers the events that they complete.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Result<Vec<Event>, EventTooLong> {
        let mut events = Vec::new();
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            if self.line.len() + self.event.data.len() + part.len() > EVENT_BYTES_MAX {
                return Err(EventTooLong);
            }
            self.line.extend_from_slice(part);
            if part.ends_with(b"\n") {
                let line = std::mem::take(&mut self.line);
                events.extend(self.take_line(&String::from_utf8_lossy(&line)));
            }
        }
        Ok(events)
    }

    /// The id behind which the stream goes on: that of the last event, or of an empty line since.
    pub(crate) fn last_id(&self) -> &str {
        &self.event.id
    }

    /// An empty line ends an event; a line that begins with a colon is there to keep the
    /// connection alive.
    fn take_line(&mut self, line: &str) -> Option<Event> {
        let line = line.trim_end_matches(['\n', '\r']);
        if line.is_empty() {
            let has_data = std::mem::take(&mut self.has_data);
            let id = self.event.id.clone();
            let event = std::mem::take(&mut self.event);
            self.event.id = id;
            return has_data.then_some(event);
        }
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match name {
            "event" => value.clone_into(&mut self.event.kind),
            "id" => value.clone_into(&mut self.event.id),
            "data" => {
                if self.has_data {
                    self.event.data.push('\n');
                }
                self.has_data = true;
                self.event.data.push_str(value);
            }
            _ => {}
        }
        None
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const STREAM: &str = "retry: 1000\n\n: keep-alive\n\nevent: block\nid: 0-2\ndata: {\"a\":\n\
                          data: 1}\n\nid:0-3\r\ndata:x\r\n\r\n";

    #[test]
    fn events_are_the_same_however_the_bytes_arrive() {
        let expected = [
            Event {
                kind: "block".into(),
                id: "0-2".into(),
                data: "{\"a\":\n1}".into(),
            },
            Event {
                kind: String::new(),
                id: "0-3".into(),
                data: "x".into(),
            },
        ];
        for size in [1, 2, 7, STREAM.len()] {
            let mut reader = EventReader::default();
            let mut events = Vec::new();
            for bytes in STREAM.as_bytes().chunks(size) {
                events.extend(reader.push(bytes).unwrap());
            }
            assert_eq!(events, expected, "in pieces of {size}");
        }
    }

    #[test]
    fn an_endless_event_is_refused() {
        let mut reader = EventReader::default();
        let piece = vec![b'x'; EVENT_BYTES_MAX / 2];
        assert_eq!(reader.push(&piece), Ok(Vec::new()));
        assert_eq!(reader.push(&piece), Ok(Vec::new()));
        assert_eq!(reader.push(b"x"), Err(EventTooLong));
    }
}
