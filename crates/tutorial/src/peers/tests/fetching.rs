//! Every way in which a chain does not come.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::mpsc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket, TcpStream};

use super::server::{Act, Server, answer, head, open_ended};
use crate::peers::PeerLimits;
use crate::peers::address::PeerAddress;
use crate::peers::fetch::Fetcher;
use crate::peers::fetch_error::FetchError;
use crate::peers::own_address::OwnAddresses;
use crate::peers::resolver::Resolver;

const SHORT: Duration = Duration::from_millis(200);
const LONG: Duration = Duration::from_secs(60);

fn limits(idle_timeout: Duration) -> PeerLimits {
    PeerLimits {
        idle_timeout,
        ..PeerLimits::default()
    }
}

async fn fetch_from(
    address: &str,
    resolver: Resolver,
    limits: PeerLimits,
) -> Result<u64, FetchError> {
    let address = PeerAddress::parse(address).unwrap();
    let own = OwnAddresses::default();
    let mut body = Fetcher::new(resolver, limits).open(&address, &own).await?;
    let mut bytes = 0;
    while let Some(chunk) = body.chunk().await? {
        bytes += chunk.len() as u64;
    }
    Ok(bytes)
}

async fn fetch(address: SocketAddr, limits: PeerLimits) -> Result<u64, FetchError> {
    fetch_from(&address.to_string(), Resolver::of_the_system(), limits).await
}

async fn error_of(acts: Vec<Act>, limits: PeerLimits) -> FetchError {
    let server = Server::doing(acts).await;
    fetch(server.address, limits).await.unwrap_err()
}

#[tokio::test]
async fn a_good_answer_comes_whole() {
    let server = Server::answering("{}").await;
    assert_eq!(fetch(server.address, limits(LONG)).await, Ok(2));
    let until_the_end = Server::doing(vec![open_ended(), Act::Send(vec![b' '; 100_000])]).await;
    assert_eq!(
        fetch(until_the_end.address, limits(LONG)).await,
        Ok(100_000)
    );
    let identity = head(
        "200 OK",
        "Content-Encoding: identity\r\nContent-Length: 0\r\n",
    );
    let identity = Server::doing(vec![Act::Send(identity)]).await;
    assert_eq!(fetch(identity.address, limits(LONG)).await, Ok(0));
}

#[tokio::test]
async fn nobody_is_there() {
    let address = {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        listener.local_addr().unwrap()
    };
    assert_eq!(fetch(address, limits(LONG)).await, Err(FetchError::Refused));
}

#[tokio::test]
async fn connections_are_not_taken() {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(1).unwrap();
    let address = listener.local_addr().unwrap();
    // Until there is no place left in the listener's queue.
    let mut waiting = Vec::new();
    while let Ok(stream) = tokio::time::timeout(SHORT, TcpStream::connect(address)).await {
        waiting.push(stream.unwrap());
    }
    let error = fetch(address, limits(SHORT)).await.unwrap_err();
    assert_eq!(error, FetchError::ConnectTimeout { limit: SHORT / 2 });
}

#[tokio::test]
async fn there_is_no_way() {
    // The fence would refuse it. No system opens a connection to it.
    let fetcher = Fetcher::new(Resolver::of_the_system(), limits(LONG));
    let address = PeerAddress::parse("node.example").unwrap();
    let nowhere = vec!["255.255.255.255:80".parse().unwrap()];
    let asked = fetcher.request(&address, nowhere, fetcher.patience());
    let error = asked.await.unwrap_err();
    assert!(matches!(error, FetchError::Unreachable { .. }), "{error:?}");
}

#[tokio::test]
async fn a_name_takes_too_long() {
    let (end, ended) = mpsc::channel::<()>();
    let ended = std::sync::Mutex::new(ended);
    let resolver = Resolver::new(Arc::new(move |_| {
        ended.lock().unwrap().recv().ok();
        Err(io::Error::other("too late"))
    }));
    let error = fetch_from("node.example", resolver, limits(SHORT)).await;
    assert_eq!(error, Err(FetchError::LookupTimeout { limit: SHORT }));
    drop(end);
}

#[tokio::test]
async fn no_answer_comes() {
    let error = error_of(vec![Act::Hang], limits(SHORT)).await;
    assert_eq!(error, FetchError::AnswerTimeout { limit: SHORT });
    let impatient = PeerLimits {
        chain_timeout: SHORT,
        ..limits(LONG)
    };
    let error = error_of(vec![Act::Hang], impatient).await;
    assert_eq!(error, FetchError::AnswerTimeout { limit: SHORT });
}

#[tokio::test]
async fn the_answer_stops_coming() {
    let begun = Act::Send(b"{\"chain\": [".to_vec());
    let error = error_of(vec![open_ended(), begun, Act::Hang], limits(SHORT)).await;
    let expected = FetchError::IdleTimeout {
        bytes: 11,
        limit: SHORT,
    };
    assert_eq!(error, expected);
}

#[tokio::test]
async fn the_answer_comes_byte_by_byte() {
    let slowly = Act::Repeat(b" ".to_vec(), Duration::from_millis(20));
    let impatient = PeerLimits {
        chain_timeout: Duration::from_millis(500),
        ..limits(LONG)
    };
    let error = error_of(vec![open_ended(), slowly], impatient).await;
    let FetchError::ChainTimeout { bytes, limit } = error else {
        panic!("{error:?}");
    };
    assert_eq!(limit, impatient.chain_timeout);
    assert!(bytes > 0);
}

#[tokio::test]
async fn the_answer_is_no_http() {
    for acts in [
        vec![],
        vec![Act::Send(b"SSH-2.0-OpenSSH_9.6\r\n".to_vec())],
        vec![Act::Send(b"HTTP/1.1 200 OK\r\nContent-".to_vec())],
        vec![Act::Send(
            b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n".to_vec(),
        )],
        // A head without an end.
        vec![
            Act::Send(b"HTTP/1.1 200 OK\r\n".to_vec()),
            Act::Repeat(b"A: b\r\n".repeat(1000), Duration::ZERO),
        ],
    ] {
        let error = error_of(acts, limits(LONG)).await;
        assert!(matches!(error, FetchError::BadAnswer { .. }), "{error:?}");
        assert!(error.to_string().len() > 45, "{error}");
    }
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let elsewhere = Server::answering("{}").await;
    for status in [
        "301 MOVED",
        "302 FOUND",
        "303 SEE OTHER",
        "307 T",
        "308 P",
        "304 N",
    ] {
        let fields = format!(
            "Location: http://{}/chain\r\nContent-Length: 0\r\n",
            elsewhere.address
        );
        let error = error_of(vec![Act::Send(head(status, &fields))], limits(LONG)).await;
        let status = status[..3].parse().unwrap();
        assert_eq!(error, FetchError::Redirect { status });
    }
    assert_eq!(elsewhere.asked(), 0);
}

#[tokio::test]
async fn other_statuses_are_no_chain() {
    for status in [
        "404 NOT FOUND",
        "500 OH NO",
        "204 NO CONTENT",
        "206 PARTIAL",
        "401 U",
    ] {
        let error = error_of(
            vec![Act::Send(head(status, "Content-Length: 0\r\n"))],
            limits(LONG),
        )
        .await;
        let status = status[..3].parse().unwrap();
        assert_eq!(error, FetchError::Status { status });
    }
}

#[tokio::test]
async fn nothing_is_decompressed() {
    let fields = "Content-Encoding: gzip\r\nContent-Length: 2\r\n";
    let bomb = Act::Send(head("200 OK", fields));
    let error = error_of(vec![bomb, Act::Send(b"\x1f\x8b".to_vec())], limits(LONG)).await;
    let encoding = "gzip".to_owned();
    assert_eq!(error, FetchError::Encoded { encoding });
}

#[tokio::test]
async fn too_many_bytes_are_announced_or_sent() {
    let small = PeerLimits {
        chain_bytes_max: 1000,
        ..limits(LONG)
    };
    let expected = FetchError::TooLarge { limit: 1000 };
    assert_eq!(
        error_of(vec![Act::Send(answer(vec![b' '; 1001]))], small).await,
        expected
    );
    let endless = Act::Repeat(vec![b' '; 500], Duration::ZERO);
    assert_eq!(
        error_of(vec![open_ended(), endless.clone()], small).await,
        expected
    );
    let chunked = Act::Send(head("200 OK", "Transfer-Encoding: chunked\r\n"));
    let chunks = Act::Repeat(b"3\r\n   \r\n".to_vec(), Duration::ZERO);
    assert_eq!(error_of(vec![chunked, chunks], small).await, expected);
    let exact = Server::answering(vec![b' '; 1000]).await;
    assert_eq!(fetch(exact.address, small).await, Ok(1000));
}

#[tokio::test]
async fn the_answer_breaks_off() {
    let long = Act::Send(head("200 OK", "Content-Length: 1000\r\n"));
    let error = error_of(vec![long, Act::Send(b"{\"chain\"".to_vec())], limits(LONG)).await;
    let FetchError::CutOff { bytes, detail } = error else {
        panic!("{error:?}");
    };
    assert_eq!(bytes, 8);
    assert!(!detail.is_empty());
}

#[tokio::test]
async fn the_request_is_one_that_python_understands() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let asking = tokio::spawn(fetch(address, limits(LONG)));
    let (stream, _) = listener.accept().await.unwrap();
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        stream.readable().await.unwrap();
        let mut bytes = [0; 1024];
        match stream.try_read(&mut bytes) {
            Ok(length) => request.extend_from_slice(&bytes[..length]),
            Err(error) => assert_eq!(error.kind(), io::ErrorKind::WouldBlock),
        }
    }
    let request = String::from_utf8(request).unwrap().to_lowercase();
    assert!(request.starts_with("get /chain http/1.1\r\n"), "{request}");
    assert!(
        request.contains(&format!("\r\nhost: {address}\r\n")),
        "{request}"
    );
    assert!(!request.contains("accept-encoding"), "{request}");
    drop(stream);
    assert!(matches!(
        asking.await.unwrap(),
        Err(FetchError::BadAnswer { .. })
    ));
}
