use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::dial::Stream;

/// How much is gathered at most before it is written.
const GATHERED_BYTES_MAX: usize = 64 << 10;

/// A connection to which much is written in little pieces: they are gathered, and written together when [`Gathered::write_out`] says so. Clones
/// share it: HTTP/2 reads and writes one, and who drives it writes out by another.
#[derive(Clone)]
pub(super) struct Gathered(Arc<Mutex<Inner>>);

struct Inner {
    stream: Box<dyn Stream>,
    gathered: BytesMut,
    /// Why what was gathered could not be written, until somebody is told.
    failure: Option<io::Error>,
}

impl Gathered {
    pub(super) fn new(stream: Box<dyn Stream>) -> Self {
        Self(Arc::new(Mutex::new(Inner {
            stream,
            gathered: BytesMut::new(),
            failure: None,
        })))
    }

    /// Writes what was gathered. A failure is told to who writes next, which is asked for here.
    pub(super) fn write_out(&self, context: &mut Context<'_>) {
        let mut inner = self.inner();
        if let Poll::Ready(Err(error)) = inner.write_out(context) {
            inner.gathered.clear();
            inner.failure = Some(error);
            context.waker().wake_by_ref();
        }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        // A stream that panicked is not used again: its task ended.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn write_out(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.gathered.is_empty() {
            let written = Pin::new(&mut self.stream).poll_write(context, &self.gathered);
            let written = ready!(written)?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.gathered.advance(written);
        }
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn check(&mut self) -> io::Result<()> {
        self.failure.take().map_or(Ok(()), Err)
    }
}

impl AsyncRead for Gathered {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner().stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Gathered {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let mut inner = self.inner();
        inner.check()?;
        if inner.gathered.len() >= GATHERED_BYTES_MAX {
            ready!(inner.write_out(context))?;
        }
        let taken = bytes.len().min(GATHERED_BYTES_MAX);
        inner.gathered.extend_from_slice(&bytes[..taken]);
        Poll::Ready(Ok(taken))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(self.inner().check())
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut inner = self.inner();
        inner.check()?;
        ready!(inner.write_out(context))?;
        Pin::new(&mut inner.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::task::Waker;

    use super::*;

    /// What was written, in as many pieces as it was written in; or it breaks.
    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<Vec<u8>>>>, bool);

    impl AsyncRead for Written {
        fn poll_read(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
            _: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            Poll::Pending
        }
    }

    impl AsyncWrite for Written {
        fn poll_write(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
            bytes: &[u8],
        ) -> Poll<io::Result<usize>> {
            if self.1 {
                return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
            }
            self.0.lock().unwrap().push(bytes.to_vec());
            Poll::Ready(Ok(bytes.len()))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    fn write(gathered: &mut Gathered, bytes: &[u8]) -> io::Result<usize> {
        let mut context = Context::from_waker(Waker::noop());
        match Pin::new(gathered).poll_write(&mut context, bytes) {
            Poll::Ready(written) => written,
            Poll::Pending => panic!("there is room"),
        }
    }

    #[test]
    fn what_was_gathered_is_written_in_one_piece() {
        let written = Written::default();
        let mut gathered = Gathered::new(Box::new(written.clone()));
        let mut context = Context::from_waker(Waker::noop());
        for piece in [b"ab", b"cd"] {
            assert_eq!(write(&mut gathered, piece).unwrap(), 2);
            assert!(Pin::new(&mut gathered).poll_flush(&mut context).is_ready());
        }
        assert!(written.0.lock().unwrap().is_empty());
        gathered.write_out(&mut context);
        assert_eq!(*written.0.lock().unwrap(), [b"abcd"]);
        // No more than there is room for is held.
        let large = vec![b'x'; GATHERED_BYTES_MAX + 1];
        assert_eq!(write(&mut gathered, &large).unwrap(), GATHERED_BYTES_MAX);
        assert_eq!(write(&mut gathered, b"y").unwrap(), 1);
        assert_eq!(written.0.lock().unwrap().len(), 2);
        assert!(
            Pin::new(&mut gathered)
                .poll_shutdown(&mut context)
                .is_ready()
        );
        assert_eq!(written.0.lock().unwrap()[2], b"y");
    }

    #[test]
    fn a_failure_is_told_to_who_writes_next() {
        let broken = Written(Arc::default(), true);
        let mut gathered = Gathered::new(Box::new(broken));
        write(&mut gathered, b"a").unwrap();
        let mut context = Context::from_waker(Waker::noop());
        gathered.write_out(&mut context);
        let error = write(&mut gathered, b"b").unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
    }
}
