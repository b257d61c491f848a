//! What every page shows around its own content.

use http::Uri;

use super::served::Place;

/// The parts of a page that are the same everywhere.
pub(super) struct Frame {
    /// The page's own title.
    pub(super) title: String,
    /// The ledger that the page is of; empty where none is served.
    pub(super) ledger: String,
    /// `/explorer/{ledger}`, where the ledger's pages live.
    pub(super) base: String,
    pub(super) links: Vec<Link>,
    /// The ledgers to choose from; none where only one is served.
    pub(super) ledgers: Vec<Link>,
    /// Whether the ledger is a chain of the tutorial.
    pub(super) is_tutorial: bool,
    pub(super) notice: Option<Notice>,
    /// What the token is called with which the reader signed in, where the server asks for one.
    pub(super) token: Option<String>,
    pub(super) version: &'static str,
}

/// An entry of the bar at the top.
pub(super) struct Link {
    pub(super) words: String,
    pub(super) address: String,
    pub(super) current: bool,
}

/// A sentence about what was just done, or is shown.
pub(super) struct Notice {
    /// `good` or `bad`, the colour; empty for none.
    pub(super) tone: &'static str,
    pub(super) words: String,
}

impl Notice {
    pub(super) fn bad(words: impl Into<String>) -> Notice {
        Notice {
            tone: "bad",
            words: words.into(),
        }
    }

    /// A sentence about what is shown.
    pub(super) fn plain(words: &str) -> Notice {
        Notice {
            tone: "",
            words: words.to_owned(),
        }
    }

    /// The notice that a redirect after a form asked for.
    ///
    /// Only known words are taken, so that no link can put its own text on a page.
    pub(super) fn of_address(address: &Uri) -> Option<Notice> {
        let query = address.query()?;
        let word = query
            .split('&')
            .find_map(|pair| pair.strip_prefix("notice="))?;
        let words = match word {
            "sent" => "Accepted and stored. It waits for the next block: mine one.",
            "mined" => "Mined: the new block is on the chain.",
            "registered" => "Registered. Compare chains to see what it has.",
            "forgotten" => "Forgotten.",
            "replaced" => "Our chain was replaced by a longer one.",
            "authoritative" => "Our chain is authoritative: no peer has a longer valid one.",
            _ => return None,
        };
        Some(Notice {
            tone: "good",
            words: words.to_owned(),
        })
    }
}

impl Frame {
    /// The frame of a page of a ledger; `section` is the entry of the bar that it belongs to.
    pub(super) fn new(
        place: &Place,
        title: impl Into<String>,
        section: &str,
        address: &Uri,
    ) -> Frame {
        let base = place.base();
        let links = [
            ("Overview", place.home()),
            ("Blocks", format!("{base}/blocks")),
            ("Transactions", format!("{base}/transactions")),
            ("Statistics", format!("{base}/stats")),
            ("Peers", format!("{base}/peers")),
            ("Configuration", format!("{base}/config")),
        ];
        let ledgers = match place.ledgers.as_slice() {
            [] | [_] => &[],
            several => several,
        };
        Frame {
            title: title.into(),
            ledger: place.name.clone(),
            base,
            links: links
                .into_iter()
                .map(|(words, address)| Link {
                    words: words.to_owned(),
                    address,
                    current: words == section,
                })
                .collect(),
            ledgers: ledgers
                .iter()
                .map(|name| Link {
                    words: name.clone(),
                    address: format!("/explorer/{name}"),
                    current: *name == place.name,
                })
                .collect(),
            is_tutorial: place.is_tutorial,
            notice: Notice::of_address(address),
            token: place.token.clone(),
            version: env!("CARGO_PKG_VERSION"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_cannot_put_its_own_words_on_a_page() {
        let notice = |text: &'static str| Notice::of_address(&Uri::from_static(text));
        assert!(notice("/?notice=Send%20me%20money").is_none());
        assert!(notice("/?x=1").is_none());
        assert!(
            notice("/?x=1&notice=sent")
                .expect("known")
                .words
                .contains("waits")
        );
    }
}
