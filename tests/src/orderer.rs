//! An orderer, to whom an envelope is handed as it is, and the envelope's parts.

use std::path::Path;
use std::sync::Arc;

use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};
use http::Request;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// Has the orderer on this port of 127.0.0.1 order an envelope, unchecked; answers its status: 200 where it took it.
///
/// # Panics
/// When there is no orderer, or it answers something else.
pub async fn broadcast(port: u16, tls_root: &Path, envelope: &[u8]) -> u64 {
    let mut roots = RootCertStore::empty();
    let root = CertificateDer::from_pem_file(tls_root).expect("the network made it");
    roots.add(root).expect("it is a root");
    let mut config = ClientConfig::builder()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec()];
    let stream = TcpStream::connect(("127.0.0.1", port)).await;
    let name = ServerName::try_from("localhost").expect("it is a name");
    let stream = TlsConnector::from(Arc::new(config))
        .connect(name, stream.expect("it listens"))
        .await
        .expect("it is proven by that root");
    let (mut client, connection) = h2::client::handshake(stream)
        .await
        .expect("it speaks HTTP/2");
    let connection = tokio::spawn(connection);
    let request = Request::post(format!(
        "https://localhost:{port}/orderer.AtomicBroadcast/Broadcast"
    ))
    .header("content-type", "application/grpc")
    .header("te", "trailers")
    .body(())
    .expect("it is a request");
    let (answer, mut body) = client.send_request(request, false).expect("it is open");
    let mut message = BytesMut::new();
    message.put_u8(0);
    message.put_u32(u32::try_from(envelope.len()).expect("it is short"));
    message.put_slice(envelope);
    body.send_data(message.freeze(), true).expect("it is open");
    let mut answer = answer.await.expect("it answers").into_body();
    let mut told = BytesMut::new();
    while let Some(bytes) = answer.data().await {
        told.put(bytes.expect("it answers to the end"));
    }
    connection.abort();
    assert!(told.len() > 5, "{told:?}");
    // Behind the frame's head the status is the first field.
    let mut message: Bytes = told.freeze();
    message.advance(5);
    assert_eq!(message.get_u8(), 1 << 3);
    varint(&mut message)
}

/// An envelope of a payload and the signature of it.
pub fn envelope(payload: &[u8], signature: &[u8]) -> Vec<u8> {
    let mut envelope = BytesMut::new();
    put_field(&mut envelope, 1, payload);
    put_field(&mut envelope, 2, signature);
    envelope.to_vec()
}

/// The message with something else in the field to which the numbers lead, one message in the other.
///
/// # Panics
/// When there is no such field.
pub fn with_field(message: &[u8], path: &[u64], change: &dyn Fn(&[u8]) -> Vec<u8>) -> Vec<u8> {
    let mut rest = Bytes::copy_from_slice(message);
    let mut changed = BytesMut::new();
    let mut is_found = false;
    while rest.has_remaining() {
        let key = varint(&mut rest);
        if key & 7 == 0 {
            put_varint(&mut changed, key);
            put_varint(&mut changed, varint(&mut rest));
            continue;
        }
        assert_eq!(key & 7, 2, "neither a number nor bytes");
        let length = usize::try_from(varint(&mut rest)).expect("it is short");
        let bytes = rest.split_to(length);
        let (first, further) = path.split_first().expect("it leads somewhere");
        let bytes = match key >> 3 == *first {
            false => bytes.to_vec(),
            true if further.is_empty() => change(&bytes),
            true => with_field(&bytes, further, change),
        };
        is_found |= key >> 3 == *first;
        put_field(&mut changed, key >> 3, &bytes);
    }
    assert!(is_found, "there is no field {path:?}");
    changed.to_vec()
}

fn put_field(message: &mut BytesMut, number: u64, bytes: &[u8]) {
    put_varint(message, number << 3 | 2);
    put_varint(message, bytes.len() as u64);
    message.put_slice(bytes);
}

fn put_varint(message: &mut BytesMut, mut number: u64) {
    while number > 127 {
        message.put_u8((number & 127) as u8 | 128);
        number >>= 7;
    }
    message.put_u8(number as u8);
}

fn varint(message: &mut Bytes) -> u64 {
    let mut number = 0;
    for place in 0..10 {
        let byte = message.get_u8();
        number |= u64::from(byte & 127) << (7 * place);
        if byte < 128 {
            break;
        }
    }
    number
}
