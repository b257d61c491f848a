//! The HTTP client of a running server.

mod which_ledger;

use std::fs;
use std::io::Read;
use std::path::Path;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderName, HeaderValue, Method};
use http_body_util::Full;
use serde::de::DeserializeOwned;
use url::Url;

use self::which_ledger::{LedgerList, LedgerName, check_tutorial, meant};
use crate::arguments::{Remote, ServerAddress};
use crate::error::Error;
use crate::json;
use crate::output::printable;
use crate::problem::Problem;
use crate::settings::DEFAULT_PORT;
use crate::transport::{Response, Transport, TransportError};

/// How large a file may be that holds a token.
const TOKEN_FILE_BYTES_MAX: u64 = 4096;
/// How large an answer may be that is held in memory; a block is at most a quarter of it.
const ANSWER_BYTES_MAX: usize = 256 << 20;
/// How large an error's text may be.
const PROBLEM_BYTES_MAX: usize = 1 << 20;

/// A server, and one of its ledgers.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    transport: Transport,
    base: Url,
    /// What it says of who it is.
    authorization: Option<HeaderValue>,
    ledger: String,
    /// Whether the command line names the ledger, so that the next command has to as well.
    is_ledger_named: bool,
}

/// A request under construction: where, with which headers and body.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    method: Method,
    path: Vec<String>,
    query: Vec<(&'static str, String)>,
    headers: Vec<(HeaderName, String)>,
    body: Option<String>,
}

impl Request {
    /// Reads what stands at this path, a text for each segment.
    pub(crate) fn get(path: &[&str]) -> Request {
        Request {
            method: Method::GET,
            path: path.iter().map(|&segment| segment.to_owned()).collect(),
            query: Vec::new(),
            headers: Vec::new(),
            body: None,
        }
    }

    /// Asks for what this path does.
    pub(crate) fn post(path: &[&str]) -> Request {
        Request {
            method: Method::POST,
            ..Request::get(path)
        }
    }

    /// Removes what stands at this path.
    pub(crate) fn delete(path: &[&str]) -> Request {
        Request {
            method: Method::DELETE,
            ..Request::get(path)
        }
    }

    /// Sends JSON with it.
    pub(crate) fn json(self, json: String) -> Request {
        Request {
            body: Some(json),
            ..self
        }
    }

    /// Adds a parameter, where there is a value.
    pub(crate) fn parameter(mut self, name: &'static str, value: Option<impl ToString>) -> Request {
        self.query
            .extend(value.map(|value| (name, value.to_string())));
        self
    }

    /// Adds a header, where there is a value.
    pub(crate) fn header(mut self, name: HeaderName, value: Option<String>) -> Request {
        self.headers.extend(value.map(|value| (name, value)));
        self
    }
}

/// The JSON of an answer, exactly as the server wrote it.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    server: String,
    text: String,
}

impl Answer {
    /// The JSON, without the white space around it.
    pub(crate) fn text(&self) -> &str {
        self.text.trim()
    }

    /// What a table shows of it.
    pub(crate) fn read<T: DeserializeOwned>(&self) -> Result<T, Error> {
        json::read(&self.text).map_err(|error| Error::Strange {
            server: self.server.clone(),
            reason: format!("{error}; --json shows it as it is"),
        })
    }
}

impl Client {
    /// A client of the server and ledger that the command line names. Where it names no ledger it
    /// is the server's only one, else the tutorial's.
    pub(crate) async fn new(remote: &Remote) -> Result<Client, Error> {
        let mut client = Client::at(&remote.address)?;
        client.is_ledger_named = remote.ledger.is_some();
        client.ledger = match &remote.ledger {
            Some(ledger) => ledger.clone(),
            None => meant(&client.ledgers().await?)?,
        };
        Ok(client)
    }

    /// The same for a command that only chains of the tutorial have. On a channel its contract would not be there, or be another's.
    pub(crate) async fn of_tutorial(
        remote: &Remote,
        command: &'static str,
    ) -> Result<Client, Error> {
        let mut client = Client::at(&remote.address)?;
        client.is_ledger_named = remote.ledger.is_some();
        let ledgers = client.ledgers().await?;
        client.ledger = match &remote.ledger {
            Some(ledger) => ledger.clone(),
            None => meant(&ledgers)?,
        };
        check_tutorial(&ledgers, &client.ledger, command)?;
        Ok(client)
    }

    /// The server's ledgers, as far as the caller may know them.
    async fn ledgers(&self) -> Result<Vec<LedgerName>, Error> {
        let request = Request::get(&["api", "v1", "ledgers"]);
        Ok(self.ask(request).await?.read::<LedgerList>()?.ledgers)
    }

    /// A client of this server.
    pub(crate) fn at(address: &ServerAddress) -> Result<Client, Error> {
        let base = base_url(&address.server)?;
        Ok(Client {
            transport: Transport::to(&base, address.ca_certificate.as_deref())?,
            base,
            authorization: authorization(address)?,
            ledger: String::new(),
            is_ledger_named: false,
        })
    }

    /// What a command that is proposed to the person needs besides, to mean the same ledger: ` --ledger NAME`, or nothing.
    pub(crate) fn ledger_flag(&self) -> String {
        match self.is_ledger_named {
            true => format!(" --ledger {}", printable(&self.ledger)),
            false => String::new(),
        }
    }

    /// The server's address, as people read it.
    pub(crate) fn server(&self) -> &str {
        self.base.as_str()
    }

    /// Asks, and reads the whole answer.
    pub(crate) async fn ask(&self, request: Request) -> Result<Answer, Error> {
        let mut answer = self.open(request).await?;
        let bytes = self.read(&mut answer, ANSWER_BYTES_MAX).await?;
        let text = String::from_utf8(bytes).map_err(|_| self.strange("it is no UTF-8 text"))?;
        Ok(Answer {
            server: self.server().to_owned(),
            text,
        })
    }

    /// Asks what stands at this path below the ledger.
    pub(crate) async fn ask_ledger(&self, path: &[&str]) -> Result<Answer, Error> {
        self.ask(Request::get(&self.ledger_path(path))).await
    }

    /// A path below the ledger.
    pub(crate) fn ledger_path<'a>(&'a self, path: &[&'a str]) -> Vec<&'a str> {
        let mut whole = vec!["api", "v1", "ledgers", &self.ledger];
        whole.extend(path);
        whole
    }

    /// Asks, and leaves the answer's body to the caller.
    pub(crate) async fn open(&self, request: Request) -> Result<Response, Error> {
        let mut url = self.base.clone();
        url.path_segments_mut()
            .map_err(|()| self.strange("its address has no path"))?
            .pop_if_empty()
            .extend(&request.path);
        if !request.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&request.query);
        }
        let mut builder = http::Request::builder()
            .method(request.method)
            .uri(&url[url::Position::BeforePath..url::Position::AfterQuery]);
        for (name, value) in request.headers {
            builder = builder.header(name, value);
        }
        if let Some(authorization) = &self.authorization {
            builder = builder.header(AUTHORIZATION, authorization);
        }
        if request.body.is_some() {
            builder = builder.header(CONTENT_TYPE, "application/json");
        }
        let body = Full::new(Bytes::from(request.body.unwrap_or_default()));
        let request = builder.body(body).map_err(|error| self.odd(&error))?;
        let sent = self.transport.send(request).await;
        let mut answer = sent.map_err(|error| self.failed(&error))?;
        let status = answer.status();
        if status.is_success() {
            return Ok(answer);
        }
        let bytes = self.read(&mut answer, PROBLEM_BYTES_MAX).await?;
        let body = String::from_utf8_lossy(&bytes);
        let mut problem = Problem::from_answer(status, &body);
        problem.ledger_flag = self.ledger_flag().into();
        Err(Error::Refused(problem))
    }

    async fn read(&self, answer: &mut Response, bytes_max: usize) -> Result<Vec<u8>, Error> {
        let mut bytes = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(|error| self.failed(&error))? {
            if bytes.len() + chunk.len() > bytes_max {
                return Err(self.strange(&format!("it is longer than {bytes_max} bytes")));
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes)
    }

    /// An answer that no server of ours gives.
    pub(crate) fn strange(&self, reason: &str) -> Error {
        Error::Strange {
            server: self.server().to_owned(),
            reason: reason.to_owned(),
        }
    }

    /// What was to be asked cannot be said in HTTP.
    fn odd(&self, error: &http::Error) -> Error {
        Error::ServerAddress {
            address: self.server().to_owned(),
            reason: error.to_string(),
        }
    }

    /// Why nothing came back.
    pub(crate) fn failed(&self, error: &TransportError) -> Error {
        let server = self.server().to_owned();
        let reason = root_cause(error);
        match error {
            TransportError::NotReached(_) => {}
            TransportError::NotTrusted(_) => return Error::NotTrusted { server, reason },
            TransportError::Broken(_) => return Error::Broken { server, reason },
        }
        let start = match self.base.port() {
            None | Some(DEFAULT_PORT) => "chainloom up".to_owned(),
            Some(port) => format!("chainloom up --port {port}"),
        };
        Error::NotRunning {
            server,
            reason,
            start,
        }
    }
}

/// What stands in the header by which the server knows who calls.
fn authorization(address: &ServerAddress) -> Result<Option<HeaderValue>, Error> {
    let token = match (&address.token, &address.token_file) {
        (Some(token), _) => token.0.clone(),
        (None, Some(path)) => read_token(path)?,
        (None, None) => return Ok(None),
    };
    let token = token.trim();
    let value = HeaderValue::from_str(&format!("Bearer {token}"));
    let mut value = value.map_err(|_| Error::Token)?;
    if token.is_empty() {
        return Err(Error::Token);
    }
    value.set_sensitive(true);
    Ok(Some(value))
}

fn read_token(path: &Path) -> Result<String, Error> {
    let failed = |source| Error::File {
        path: path.to_owned(),
        source,
    };
    let mut token = String::new();
    let file = fs::File::open(path).map_err(failed)?;
    let reading = file.take(TOKEN_FILE_BYTES_MAX).read_to_string(&mut token);
    reading.map_err(failed)?;
    Ok(token)
}

/// The address that was given, checked.
fn base_url(server: &str) -> Result<Url, Error> {
    let refused = |reason: &str| Error::ServerAddress {
        address: server.to_owned(),
        reason: reason.to_owned(),
    };
    // `127.0.0.1:5000` and `localhost:5000` are what people type.
    let url = if server.contains("://") {
        Url::parse(server)
    } else {
        Url::parse(&format!("http://{server}"))
    };
    let mut url = url.map_err(|error| refused(&error.to_string()))?;
    // Who writes a whole address means the port of HTTP, who writes a name ours. The colons of an
    // IPv6 address stand in brackets.
    let after_brackets = server.rsplit(']').next().unwrap_or(server);
    if !after_brackets.contains(':') {
        // The error says that the address cannot have a port; it is refused below then.
        let _ = url.set_port(Some(DEFAULT_PORT));
    }
    match url.scheme() {
        "http" | "https" => Ok(url),
        _ => Err(refused("it is no HTTP address")),
    }
}

/// The innermost reason: the outer ones say "error sending request" and repeat the address.
fn root_cause(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::arguments::TokenText;

    fn at(server: &str) -> ServerAddress {
        ServerAddress {
            server: server.to_owned(),
            token: None,
            token_file: None,
            ca_certificate: None,
        }
    }

    #[test]
    fn a_proposed_command_means_the_same_ledger() {
        let mut client = Client::at(&at("localhost")).unwrap();
        client.ledger = "trade".to_owned();
        assert_eq!(client.ledger_flag(), "");
        client.is_ledger_named = true;
        assert_eq!(client.ledger_flag(), " --ledger trade");
    }

    #[test]
    fn a_token_comes_from_the_flag_or_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        fs::write(&path, "chainloom_ab\n").unwrap();
        let from_file = ServerAddress {
            token_file: Some(path.clone()),
            ..at("localhost")
        };
        let value = authorization(&from_file).unwrap().unwrap();
        assert_eq!(value, "Bearer chainloom_ab");
        assert!(value.is_sensitive());
        assert!(authorization(&at("localhost")).unwrap().is_none());
        for text in ["", " \n", "a\nb"] {
            let typed = ServerAddress {
                token: Some(TokenText(text.to_owned())),
                ..at("localhost")
            };
            let error = authorization(&typed).unwrap_err();
            assert!(matches!(error, Error::Token), "{error}");
        }
        fs::remove_file(&path).unwrap();
        let error = authorization(&from_file).unwrap_err();
        assert!(matches!(error, Error::File { .. }), "{error}");
    }

    #[test]
    fn an_address_may_lack_its_scheme() {
        for (given, address) in [
            ("http://127.0.0.1:5000", "http://127.0.0.1:5000/"),
            ("127.0.0.1:5001", "http://127.0.0.1:5001/"),
            ("localhost:5000", "http://localhost:5000/"),
            ("laptop.lan", "http://laptop.lan:5000/"),
            ("laptop.lan:80", "http://laptop.lan/"),
            ("http://laptop.lan", "http://laptop.lan/"),
            ("http://[::1]:5000/", "http://[::1]:5000/"),
            ("https://127.0.0.1:5000", "https://127.0.0.1:5000/"),
        ] {
            assert_eq!(base_url(given).unwrap().as_str(), address);
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for (given, reason) in [
            ("ftp://127.0.0.1", "no HTTP address"),
            ("", "empty host"),
            ("http://127.0.0.1:99999", "invalid port number"),
        ] {
            let error = base_url(given).unwrap_err();
            assert!(matches!(error, Error::ServerAddress { .. }));
            assert!(error.to_string().contains(reason), "{error}");
        }
    }

    #[tokio::test]
    async fn nobody_there_says_how_to_start_a_server() {
        // Bound but not listened to once dropped: nothing else takes the port so soon.
        let port = {
            let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
            listener.local_addr().unwrap().port()
        };
        let client = Client::at(&at(&format!("127.0.0.1:{port}"))).unwrap();
        let error = client.ask(Request::get(&["healthz"])).await.unwrap_err();
        let Error::NotRunning { start, .. } = &error else {
            panic!("{error}");
        };
        assert_eq!(start, &format!("chainloom up --port {port}"));
    }

    /// Answers one request with these bytes, then closes the connection.
    async fn client_of(answer: &'static str) -> Client {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let (mut connection, _) = listener.accept().await.unwrap();
            let mut request = [0; 4096];
            let _ = connection.read(&mut request).await.unwrap();
            connection.write_all(answer.as_bytes()).await.unwrap();
        });
        Client::at(&at(&address.to_string())).unwrap()
    }

    #[tokio::test]
    async fn an_answer_that_breaks_off_is_said_so() {
        for answer in [
            "",
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n{",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{",
        ] {
            let client = client_of(answer).await;
            let error = client.ask(Request::get(&[])).await.unwrap_err();
            assert!(matches!(error, Error::Broken { .. }), "{error}");
        }
    }

    #[tokio::test]
    async fn what_no_server_of_ours_says_is_called_strange() {
        for answer in [
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]",
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n\u{c}",
        ] {
            let client = client_of(answer).await;
            let answer = client.ask(Request::get(&[])).await.unwrap();
            let error = answer.read::<serde_json::Map<_, _>>().unwrap_err();
            assert!(matches!(error, Error::Strange { .. }), "{error}");
            assert!(error.to_string().contains("--json"), "{error}");
        }
    }

    #[tokio::test]
    async fn a_redirect_is_not_followed() {
        let answer = "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n\
                      Content-Length: 0\r\n\r\n";
        let client = client_of(answer).await;
        let error = client.ask(Request::get(&[])).await.unwrap_err();
        assert!(matches!(error, Error::Refused(_)), "{error}");
    }
}
