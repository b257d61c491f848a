use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{Mutex, watch};
use tokio::task::spawn_blocking;

use super::refusal::Refusal;
use super::secret::SecretHash;
use super::store::{Edition, TokenFile, TokenFileError};
use super::token::{Token, TokenState};

/// How often the file is looked at where no request does. A request looks by itself; this is for answers under way, which
/// end with their token.
const LOOK_INTERVAL: Duration = Duration::from_millis(250);

/// The tokens as the file has them now.
pub(crate) struct LiveTokens {
    file: TokenFile,
    known: watch::Sender<Arc<Known>>,
    /// Held while the file is read, so that many requests read it once.
    reading: Mutex<()>,
}

/// What one edition of the file says.
struct Known {
    edition: Edition,
    /// None where the file cannot be used: then nobody is let in.
    tokens: Option<HashMap<SecretHash, Arc<Token>>>,
}

impl LiveTokens {
    /// Reads the file.
    pub(crate) fn open(file: TokenFile) -> Result<LiveTokens, TokenFileError> {
        let (tokens, edition) = file.read_edition()?;
        let known = Known::of(tokens, edition);
        Ok(LiveTokens {
            file,
            known: watch::Sender::new(Arc::new(known)),
            reading: Mutex::new(()),
        })
    }

    /// The good token with this secret.
    pub(crate) async fn token(&self, secret: &str) -> Result<Arc<Token>, Refusal> {
        let hash = SecretHash::of(secret).ok_or(Refusal::Malformed)?;
        self.good(&*self.now().await, hash)
    }

    /// Comes back when a token is no longer good.
    pub(crate) async fn end_of(self: Arc<Self>, token: Arc<Token>) {
        let mut changes = self.known.subscribe();
        loop {
            let known = Arc::clone(&changes.borrow_and_update());
            let Ok(token) = self.good(&known, token.hash) else {
                return;
            };
            tokio::select! {
                // The sender is ours, and we are here.
                _ = changes.changed() => {}
                () = tokio::time::sleep(time_left(&token)) => {}
            }
        }
    }

    /// Looks at the file again and again.
    pub(crate) async fn follow(&self) {
        let mut look = tokio::time::interval(LOOK_INTERVAL);
        loop {
            look.tick().await;
            self.now().await;
        }
    }

    /// What the file says now. That it is as it was is one question to the system, which has the answer in memory; only
    /// what has changed is read, off the async threads.
    async fn now(&self) -> Arc<Known> {
        let known = self.known();
        if self.file.is_still(&known.edition) {
            return known;
        }
        let _alone = self.reading.lock().await;
        let known = self.known();
        if self.file.is_still(&known.edition) {
            return known;
        }
        let file = self.file.clone();
        let read = spawn_blocking(move || file.read_edition()).await;
        let fresh = match read {
            Ok(Ok((tokens, edition))) => Known::of(tokens, edition),
            Ok(Err(error)) => self.unusable(&error.to_string()),
            Err(error) => self.unusable(&error.to_string()),
        };
        let fresh = Arc::new(fresh);
        self.known.send_replace(Arc::clone(&fresh));
        fresh
    }

    fn known(&self) -> Arc<Known> {
        Arc::clone(&self.known.borrow())
    }

    /// Nobody is let in on the word of a file that cannot be read. It is read again at every request.
    fn unusable(&self, reason: &str) -> Known {
        if self.known().tokens.is_some() {
            tracing::error!("nobody is let in until this is mended: {reason}");
        }
        Known {
            edition: Edition::default(),
            tokens: None,
        }
    }

    fn good(&self, known: &Known, hash: SecretHash) -> Result<Arc<Token>, Refusal> {
        let tokens = known.tokens.as_ref().ok_or(Refusal::TokensUnusable)?;
        let token = tokens.get(&hash).ok_or(Refusal::Unknown)?;
        match token.state(Timestamp::now()) {
            TokenState::Good => Ok(Arc::clone(token)),
            TokenState::Expired => Err(Refusal::Expired(token.id())),
            TokenState::Revoked => Err(Refusal::Revoked(token.id())),
        }
    }
}

impl Known {
    fn of(tokens: Vec<Token>, edition: Edition) -> Known {
        let tokens = tokens.into_iter();
        let by_hash = tokens.map(|token| (token.hash, Arc::new(token)));
        Known {
            edition,
            tokens: Some(by_hash.collect()),
        }
    }
}

/// How long a token has; without an end a day, after which it is looked at again.
fn time_left(token: &Token) -> Duration {
    const DAY: Duration = Duration::from_secs(24 * 60 * 60);
    // A little more, so that its time is over by then and not about to be.
    const MARGIN: Duration = Duration::from_millis(1);
    let Some(end) = token.expires() else {
        return DAY;
    };
    let left = end.duration_since(Timestamp::now());
    let left = Duration::try_from(left).unwrap_or_default();
    left.saturating_add(MARGIN).min(DAY)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::collections::BTreeSet;

    use jiff::SignedDuration;

    use super::super::{LedgerScope, NewToken, Permission};
    use super::*;

    fn new_token(expires: Option<Timestamp>) -> NewToken {
        NewToken {
            name: None,
            identity: None,
            ledgers: LedgerScope::Every,
            may: BTreeSet::from([Permission::Read]),
            expires,
        }
    }

    fn live() -> (tempfile::TempDir, TokenFile, Arc<LiveTokens>) {
        let folder = tempfile::tempdir().unwrap();
        let file = TokenFile::new(folder.path().join("tokens.json"));
        let live = LiveTokens::open(file.clone()).unwrap();
        (folder, file, Arc::new(live))
    }

    #[tokio::test]
    async fn each_request_knows_what_the_file_says_then() {
        let (_folder, file, live) = live();
        let (token, secret) = file.create(new_token(None)).unwrap();
        let found = live.token(secret.reveal()).await.unwrap();
        assert_eq!(found.id(), token.id());
        file.revoke(&token.id()).unwrap();
        let refused = live.token(secret.reveal()).await.unwrap_err();
        assert_eq!(refused, Refusal::Revoked(token.id()));
        let other = format!("chainloom_{}", "0".repeat(64));
        assert_eq!(live.token(&other).await.unwrap_err(), Refusal::Unknown);
        assert_eq!(live.token("x").await.unwrap_err(), Refusal::Malformed);
    }

    #[tokio::test]
    async fn a_token_ends_by_itself_or_when_it_is_taken_back() {
        let (_folder, file, live) = live();
        let soon = Timestamp::now() + SignedDuration::from_millis(300);
        let (short, secret) = file.create(new_token(Some(soon))).unwrap();
        let token = live.token(secret.reveal()).await.unwrap();
        Arc::clone(&live).end_of(token).await;
        let refused = live.token(secret.reveal()).await.unwrap_err();
        assert_eq!(refused, Refusal::Expired(short.id()));

        let (long, secret) = file.create(new_token(None)).unwrap();
        let token = live.token(secret.reveal()).await.unwrap();
        let end = tokio::spawn(Arc::clone(&live).end_of(token));
        let follower = Arc::clone(&live);
        let follow = tokio::spawn(async move { follower.follow().await });
        tokio::task::yield_now().await;
        assert!(!end.is_finished());
        file.revoke(&long.id()).unwrap();
        tokio::time::timeout(Duration::from_secs(30), end)
            .await
            .unwrap()
            .unwrap();
        follow.abort();
    }

    #[tokio::test]
    async fn nobody_is_let_in_by_a_file_that_cannot_be_read() {
        let (_folder, file, live) = live();
        let (_, secret) = file.create(new_token(None)).unwrap();
        live.token(secret.reveal()).await.unwrap();
        let text = std::fs::read(file.path()).unwrap();
        std::fs::write(file.path(), "{").unwrap();
        for _ in 0..2 {
            let refused = live.token(secret.reveal()).await.unwrap_err();
            assert_eq!(refused, Refusal::TokensUnusable);
        }
        std::fs::write(file.path(), text).unwrap();
        live.token(secret.reveal()).await.unwrap();
        std::fs::remove_file(file.path()).unwrap();
        let refused = live.token(secret.reveal()).await.unwrap_err();
        assert_eq!(refused, Refusal::Unknown);
    }
}
