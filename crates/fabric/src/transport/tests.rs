//! Against servers of the crate h2, on real connections.

#![allow(clippy::unwrap_used)]
use std::sync::atomic::AtomicUsize;

use futures_util::stream;
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tonic::Status;
use tonic::codegen::http::HeaderMap;

use super::*;

/// Answers each request with its own body, piece by piece, and says in the end that it did; a connection ends after `requests_max`.
async fn echo(listener: TcpListener, connections: Arc<AtomicUsize>, requests_max: usize) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        connections.fetch_add(1, Ordering::Relaxed);
        let mut connection = h2::server::handshake(stream).await.unwrap();
        tokio::spawn(async move {
            let mut count = 0;
            while let Some(Ok((request, mut answer))) = connection.accept().await {
                assert_eq!(request.uri().path(), "/service/method");
                assert_eq!(request.uri().authority().unwrap().host(), "127.0.0.1");
                tokio::spawn(async move {
                    let mut sent = answer.send_response(Response::new(()), false).unwrap();
                    let mut body = request.into_body();
                    while let Some(Ok(data)) = body.data().await {
                        body.flow_control().release_capacity(data.len()).unwrap();
                        sent.send_data(data, false).unwrap();
                    }
                    let mut trailers = HeaderMap::new();
                    trailers.insert("grpc-status", HeaderValue::from_static("0"));
                    sent.send_trailers(trailers).unwrap();
                });
                count += 1;
                if count == requests_max {
                    connection.graceful_shutdown();
                }
            }
        });
    }
}

/// A node that echoes, and how many connections it had.
async fn echoing(requests_max: usize) -> (Transport, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let transport = transport(&listener, KeepAlive::default());
    let connections = Arc::new(AtomicUsize::new(0));
    tokio::spawn(echo(listener, connections.clone(), requests_max));
    (transport, connections)
}

fn transport(listener: &TcpListener, keep_alive: KeepAlive) -> Transport {
    let port = listener.local_addr().unwrap().port();
    let origin = format!("http://127.0.0.1:{port}").parse().unwrap();
    let dialer = Dialer::plain("127.0.0.1", port);
    Transport::with(dialer, origin, keep_alive, CALLS_WINDOW_BYTES)
}

/// A request whose body is what comes through the channel.
fn request(pieces: mpsc::UnboundedReceiver<Result<Bytes, Status>>) -> Request<Body> {
    let frames = stream::unfold(pieces, |mut pieces| async move {
        let piece = pieces.recv().await?;
        Some((piece.map(Frame::data), pieces))
    });
    let request = Request::post("/service/method");
    request.body(Body::new(StreamBody::new(frames))).unwrap()
}

async fn call(transport: &Transport, pieces: &[&'static str]) -> Result<String, Broken> {
    let (sender, receiver) = mpsc::unbounded_channel();
    for piece in pieces {
        sender
            .send(Ok(Bytes::from_static(piece.as_bytes())))
            .unwrap();
    }
    drop(sender);
    let answer = transport.clone().call(request(receiver)).await?;
    let collected = answer.into_body().collect().await?;
    assert_eq!(collected.trailers().unwrap()["grpc-status"], "0");
    Ok(String::from_utf8(collected.to_bytes().to_vec()).unwrap())
}

#[tokio::test]
async fn requests_share_a_connection_and_a_new_one_is_opened_when_it_ended() {
    let (transport, connections) = echoing(3).await;
    let (first, second) = tokio::join!(call(&transport, &["a"]), call(&transport, &[]));
    assert_eq!((first.unwrap(), second.unwrap()), ("a".into(), "".into()));
    assert_eq!(call(&transport, &["b", "c"]).await.unwrap(), "bc");
    assert_eq!(connections.load(Ordering::Relaxed), 1);
    assert!(format!("{transport:?}").ends_with("open)"));
    // The node said that it takes no more, which may cross the next request on its way.
    while connections.load(Ordering::Relaxed) == 1 {
        assert_eq!(call(&transport, &["d"]).await.unwrap(), "d");
    }
    assert_eq!(call(&transport, &["e"]).await.unwrap(), "e");
}

#[tokio::test]
async fn more_than_a_window_goes_both_ways() {
    let (transport, _) = echoing(usize::MAX).await;
    let large: &'static str = Box::leak("x".repeat(3 << 20).into_boxed_str());
    let answer = call(&transport, &[large, "y", large]).await.unwrap();
    assert_eq!(answer.len(), 2 * large.len() + 1);
}

#[tokio::test]
async fn a_request_goes_on_while_its_answer_comes() {
    let (transport, _) = echoing(usize::MAX).await;
    let (sender, receiver) = mpsc::unbounded_channel();
    let answer = transport.clone().call(request(receiver)).await.unwrap();
    let mut body = answer.into_body();
    for piece in ["a", "b"] {
        sender
            .send(Ok(Bytes::from_static(piece.as_bytes())))
            .unwrap();
        let frame = body.frame().await.unwrap().unwrap();
        assert_eq!(frame.into_data().unwrap(), piece);
    }
    sender.send(Err(Status::internal("out of paper"))).unwrap();
    let error = body.frame().await.unwrap().unwrap_err();
    assert!(matches!(error, Broken::Request(_)));
    assert!(error.to_string().contains("out of paper"), "{error}");
}

#[tokio::test]
async fn all_who_wait_for_a_connection_are_told_why_there_is_none() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let transport = transport(&listener, KeepAlive::default());
    drop(listener);
    let (first, second) = tokio::join!(call(&transport, &[]), call(&transport, &[]));
    let (Err(Broken::NoConnection(first)), Err(Broken::NoConnection(second))) = (first, second)
    else {
        panic!("nothing listens there");
    };
    assert!(Arc::ptr_eq(&first, &second));
    assert!(matches!(*first, DialError::Refused(_)), "{first}");
    assert!(format!("{transport:?}").ends_with("closed)"));
}

#[tokio::test]
async fn a_node_that_gives_no_sign_of_life_is_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let keep_alive = KeepAlive {
        every: std::time::Duration::from_millis(10),
        timeout: std::time::Duration::from_millis(10),
    };
    let transport = transport(&listener, keep_alive);
    for _ in 0..2 {
        // Each time over a connection of its own.
        let (error, accepted) = tokio::join!(call(&transport, &["a"]), listener.accept());
        assert!(matches!(error, Err(Broken::Http2(_))), "{error:?}");
        drop(accepted);
    }
}

#[tokio::test]
async fn a_connection_ends_with_its_last_holder() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let transport = transport(&listener, KeepAlive::default());
    let serving = async {
        let (stream, _) = listener.accept().await.unwrap();
        let mut connection = h2::server::handshake(stream).await.unwrap();
        let (_, mut answer) = connection.accept().await.unwrap().unwrap();
        answer.send_response(Response::new(()), true).unwrap();
        // Nothing more comes, and the connection is closed.
        assert!(connection.accept().await.is_none());
    };
    let using = async {
        let (sender, receiver) = mpsc::unbounded_channel();
        let answer = transport.clone().call(request(receiver)).await.unwrap();
        // The node answered without hearing the end of it.
        drop(sender);
        assert!(answer.into_body().frame().await.is_none());
        drop(transport);
    };
    tokio::join!(serving, using);
}

/// Ends a connection in good order, and says that it came to none of the requests on it, once there is one.
async fn end_before_the_first_request(mut stream: TcpStream) {
    const HEADERS: u8 = 1;
    const NO_SETTINGS: [u8; 9] = [0, 0, 0, 4, 0, 0, 0, 0, 0];
    const GO_AWAY: [u8; 17] = [0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    stream.write_all(&NO_SETTINGS).await.unwrap();
    let mut preface = [0; 24];
    stream.read_exact(&mut preface).await.unwrap();
    loop {
        let mut head = [0; 9];
        stream.read_exact(&mut head).await.unwrap();
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let mut rest = vec![0; length.try_into().unwrap()];
        stream.read_exact(&mut rest).await.unwrap();
        if head[3] == HEADERS {
            break;
        }
    }
    stream.write_all(&GO_AWAY).await.unwrap();
}

#[tokio::test]
async fn a_request_that_crosses_the_end_of_its_connection_goes_over_the_next_one() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let transport = transport(&listener, KeepAlive::default());
    let connections = Arc::new(AtomicUsize::new(0));
    let counted = connections.clone();
    tokio::spawn(async move {
        let (first, _) = listener.accept().await.unwrap();
        end_before_the_first_request(first).await;
        echo(listener, counted, usize::MAX).await;
    });
    assert_eq!(call(&transport, &["a", "b", "c"]).await.unwrap(), "abc");
    assert_eq!(connections.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_request_that_is_refused_untouched_is_repeated_once() {
    for refused in 1..=2 {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let transport = transport(&listener, KeepAlive::default());
        tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            let mut connection = h2::server::handshake(stream).await.unwrap();
            let mut count = 0;
            while let Some(Ok((_, mut answer))) = connection.accept().await {
                count += 1;
                match count <= refused {
                    true => answer.send_reset(Reason::REFUSED_STREAM),
                    false => drop(answer.send_response(Response::new(()), true)),
                }
            }
        });
        let (_open, receiver) = mpsc::unbounded_channel();
        let answer = transport.clone().call(request(receiver)).await;
        assert_eq!(answer.is_ok(), refused == 1, "{:?}", answer.err());
    }
}

#[tokio::test]
async fn who_finds_a_connection_open_opens_no_other() {
    let (transport, connections) = echoing(usize::MAX).await;
    // As two callers do who looked before either opened it.
    let first = transport.opening().await.unwrap();
    let second = transport.opening().await.unwrap();
    assert_eq!(first.number, second.number);
    assert_eq!(call(&transport, &["a"]).await.unwrap(), "a");
    assert_eq!(connections.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn answers_that_nobody_reads_hold_up_no_reader() {
    const UNREAD: usize = 8;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let origin = format!("http://127.0.0.1:{port}").parse().unwrap();
    let transport = Transport::for_readers(Dialer::plain("127.0.0.1", port), origin);
    tokio::spawn(echo(listener, Arc::default(), usize::MAX));
    let large: &'static str = Box::leak("x".repeat(3 << 20).into_boxed_str());
    let mut unread = Vec::new();
    for _ in 0..UNREAD {
        let (sender, receiver) = mpsc::unbounded_channel();
        sender
            .send(Ok(Bytes::from_static(large.as_bytes())))
            .unwrap();
        drop(sender);
        unread.push(transport.clone().call(request(receiver)).await.unwrap());
    }
    let within = std::time::Duration::from_secs(60);
    let read = timeout(within, call(&transport, &[large])).await;
    let read = read.expect("the unread ones leave room for it");
    assert_eq!(read.unwrap().len(), large.len());
    assert_eq!(unread.len(), UNREAD);
}
