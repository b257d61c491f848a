//! Being asked to end: Ctrl-C in a terminal, SIGTERM from a service manager.

use std::future::Future;

use tokio::sync::oneshot;

use crate::error::Error;

/// The exit code of a program that a signal ended: 128 and SIGINT's number.
pub(crate) const INTERRUPTED: i32 = 130;

/// Comes back when the program is asked to end. Asked a second time, it ends at once.
pub(crate) fn end() -> Result<impl Future<Output = ()>, Error> {
    let mut signals = Signals::new().map_err(Error::Runtime)?;
    let (asked, end) = oneshot::channel();
    tokio::spawn(async move {
        signals.next().await;
        tracing::info!("ending; once more ends at once");
        // Nobody may be waiting any more: then the program is ending already.
        let _ = asked.send(());
        signals.next().await;
        std::process::exit(INTERRUPTED);
    });
    Ok(async {
        // An error says that the task above is gone, and with it the runtime.
        let _ = end.await;
    })
}

/// Both signals as one.
#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn new() -> std::io::Result<Signals> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Signals {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// Ctrl-C alone, where there are no other signals.
#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn new() -> std::io::Result<Signals> {
        Ok(Signals)
    }

    async fn next(&mut self) {
        // Without a handler Ctrl-C ends the program by itself.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
