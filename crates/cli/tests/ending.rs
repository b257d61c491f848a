//! `chainloom up` asked to end while callers wait for an answer.

#![allow(clippy::unwrap_used)]

mod support;

use std::io::{Read, Write};
use std::net::TcpStream;

use support::Home;

#[test]
fn asked_once_it_ends_a_search_and_a_wait() {
    let home = Home::new();
    let mut server = home.up(&["--difficulty", "16"]);
    let body = r#"{"function":"transfer","args":["a","b","1"],"wait":"committed"}"#;
    let requests = [
        "POST /explorer/tutorial/mine HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\n\r\n"
            .to_owned(),
        format!(
            "POST /api/v1/ledgers/tutorial/invoke HTTP/1.1\r\nHost: 127.0.0.1\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        ),
    ];
    let connections = requests.map(|request| {
        let mut connection = TcpStream::connect(("127.0.0.1", server.port())).unwrap();
        connection.write_all(request.as_bytes()).unwrap();
        connection
    });
    // Under way when the server says so itself.
    loop {
        let info = server.run(&home, &["info", "--json"]).json();
        let mining = server.get("/api/v1/ledgers/tutorial/mining");
        if info["pending_count"] == 1 && mining.contains("\"searching\":true") {
            break;
        }
    }
    server.signal("-INT");
    assert!(server.wait().success());
    // Both were answered: a server that waits its grace out cuts them instead.
    for (mut connection, status) in connections.into_iter().zip(["503", "504"]) {
        let mut answer = String::new();
        connection.read_to_string(&mut answer).unwrap();
        let expected = format!("HTTP/1.1 {status} ");
        assert!(answer.starts_with(&expected), "{answer}");
    }
}
