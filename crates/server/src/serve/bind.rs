use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpListener};

use super::tls::TlsError;
use crate::ServerOptions;
use crate::access::TokenFileError;

/// How often another free port is tried when the one chosen for the first address is taken on
/// another.
const FREE_PORT_ATTEMPTS: usize = 16;

/// Whether a server may listen where other machines reach it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Beyond {
    /// It may: callers are asked who they are and nobody listens in, or the user wants it so.
    Allowed,
    /// Not, since nobody is asked.
    NobodyAsked,
    /// Not, since others can read what callers send.
    ClearText,
}

impl Beyond {
    /// What these options allow.
    pub(crate) fn of(options: &ServerOptions) -> Beyond {
        match (&options.tokens, &options.tls) {
            _ if options.insecure_public => Beyond::Allowed,
            (None, _) => Beyond::NobodyAsked,
            (Some(_), None) => Beyond::ClearText,
            (Some(_), Some(_)) => Beyond::Allowed,
        }
    }
}

/// A bound socket and the address that it really has.
pub(crate) struct Listener {
    pub(crate) socket: TcpListener,
    pub(crate) address: SocketAddr,
}

/// Why a server cannot listen.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// The tokens cannot be used.
    #[error(transparent)]
    Tokens(#[from] TokenFileError),
    /// No address was given.
    #[error("no address to listen on was given: name at least one, such as 127.0.0.1:5000")]
    NoAddress,
    /// The address can be reached from other machines, and nobody is asked who they are.
    #[error(
        "refusing to listen on {address}: it can be reached from other machines, and whoever \
         reaches it can mine, send transactions and register peers, for nobody is asked who they \
         are. Listen on 127.0.0.1, ask for tokens over TLS (--tokens, --tls-certificate, \
         --tls-key), or pass --insecure-public if you trust that network"
    )]
    Public {
        /// The address.
        address: SocketAddr,
    },
    /// The address can be reached from other machines, and tokens would cross the network in clear text.
    #[error(
        "refusing to listen on {address}: it can be reached from other machines, and without TLS \
         everyone on the way could read the callers' tokens and use them. Add --tls-certificate \
         and --tls-key, listen on 127.0.0.1 behind a proxy that speaks TLS, or pass \
         --insecure-public if you trust that network"
    )]
    ClearText {
        /// The address.
        address: SocketAddr,
    },
    /// The certificate or its key cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// Another program has the port.
    #[error("{}", port_taken(*address, cfg!(target_os = "macos")))]
    PortTaken {
        /// The address.
        address: SocketAddr,
    },
    /// The system refuses the address.
    #[error("cannot listen on {address}: {source}")]
    Refused {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
}

/// The sentence for a port that another program holds.
fn port_taken(address: SocketAddr, macos: bool) -> String {
    let port = address.port();
    let holder = if macos && port == 5000 {
        " (on a Mac it may be the AirPlay Receiver: System Settings, General, AirDrop & Handoff)"
    } else {
        ""
    };
    let other = port.checked_add(1).unwrap_or(5001);
    format!(
        "port {port} is taken: another program already listens on {address}{holder}. Stop it, or \
         choose another port, for example --port {other}"
    )
}

/// Binds every address, or none.
///
/// An IPv6 loopback address on a machine without IPv6 is left out if another address is there.
/// Where a port is 0, all addresses with port 0 get the same free port.
pub(crate) fn bind_all(
    addresses: &[SocketAddr],
    beyond: Beyond,
) -> Result<Vec<Listener>, BindError> {
    if addresses.is_empty() {
        return Err(BindError::NoAddress);
    }
    if let Some(&address) = addresses.iter().find(|address| !is_loopback(address)) {
        match beyond {
            Beyond::Allowed => {}
            Beyond::NobodyAsked => return Err(BindError::Public { address }),
            Beyond::ClearText => return Err(BindError::ClearText { address }),
        }
    }
    let mut attempts_left = FREE_PORT_ATTEMPTS;
    loop {
        match bind_once(addresses) {
            Err(BindError::PortTaken { address })
                if attempts_left > 0 && was_free_choice(addresses, address) =>
            {
                attempts_left -= 1;
            }
            outcome => return outcome,
        }
    }
}

fn is_loopback(address: &SocketAddr) -> bool {
    address.ip().to_canonical().is_loopback()
}

/// Whether the taken port was one that we chose ourselves for an address with port 0.
fn was_free_choice(addresses: &[SocketAddr], taken: SocketAddr) -> bool {
    addresses.contains(&SocketAddr::new(taken.ip(), 0)) && !addresses.contains(&taken)
}

fn bind_once(addresses: &[SocketAddr]) -> Result<Vec<Listener>, BindError> {
    let mut listeners: Vec<Listener> = Vec::with_capacity(addresses.len());
    let mut left_out = None;
    let mut free_port = 0;
    for &wanted in addresses {
        let mut address = wanted;
        if wanted.port() == 0 {
            address.set_port(free_port);
        }
        match bind_one(address) {
            Ok(listener) => {
                if wanted.port() == 0 {
                    free_port = listener.address.port();
                }
                listeners.push(listener);
            }
            Err(source) if source.kind() == ErrorKind::AddrInUse => {
                return Err(BindError::PortTaken { address });
            }
            Err(source) if wanted.is_ipv6() && is_loopback(&wanted) => {
                left_out = Some(BindError::Refused { address, source });
            }
            Err(source) => return Err(BindError::Refused { address, source }),
        }
    }
    match left_out {
        Some(error) if listeners.is_empty() => Err(error),
        Some(error) => {
            tracing::debug!("going on without it: {error}");
            Ok(listeners)
        }
        None => Ok(listeners),
    }
}

fn bind_one(address: SocketAddr) -> io::Result<Listener> {
    let socket = TcpListener::bind(address)?;
    socket.set_nonblocking(true)?;
    let address = socket.local_addr()?;
    Ok(Listener { socket, address })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::tls::TlsFiles;
    use super::*;
    use crate::access::TokenFile;

    fn address(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    #[test]
    fn listens_on_all_addresses_with_one_free_port() {
        let listeners = bind_all(
            &[address("127.0.0.1:0"), address("127.0.0.2:0")],
            Beyond::NobodyAsked,
        );
        // 127.0.0.2 exists on Linux only.
        if let Ok(listeners) = listeners {
            assert_eq!(listeners[0].address.port(), listeners[1].address.port());
            assert_ne!(listeners[0].address.port(), 0);
        }
    }

    #[test]
    fn says_that_an_address_is_missing() {
        assert!(matches!(
            bind_all(&[], Beyond::NobodyAsked),
            Err(BindError::NoAddress)
        ));
    }

    #[test]
    fn refuses_to_be_public_unless_told() {
        for text in ["0.0.0.0:0", "[::]:0", "192.0.2.1:0", "[::ffff:192.0.2.1]:0"] {
            let error = bind_all(
                &[address("127.0.0.1:0"), address(text)],
                Beyond::NobodyAsked,
            )
            .err()
            .unwrap();
            assert!(matches!(error, BindError::Public { .. }), "{error}");
            assert!(error.to_string().contains("--insecure-public"));
        }
        assert!(bind_all(&[address("0.0.0.0:0")], Beyond::Allowed).is_ok());
        let error = bind_all(&[address("0.0.0.0:0")], Beyond::ClearText).err();
        let error = error.unwrap();
        assert!(matches!(error, BindError::ClearText { .. }), "{error}");
        assert!(error.to_string().contains("--tls-certificate"), "{error}");
    }

    #[test]
    fn tokens_over_tls_are_what_makes_it_safe_to_be_public() {
        let options = |tokens: bool, tls: bool, insecure_public: bool| ServerOptions {
            tokens: tokens.then(|| TokenFile::new("tokens.json")),
            tls: tls.then(|| TlsFiles {
                certificate: "a.pem".into(),
                key: "b.pem".into(),
            }),
            insecure_public,
            ..ServerOptions::default()
        };
        for (tokens, tls, expected) in [
            (false, false, Beyond::NobodyAsked),
            (false, true, Beyond::NobodyAsked),
            (true, false, Beyond::ClearText),
            (true, true, Beyond::Allowed),
        ] {
            assert_eq!(Beyond::of(&options(tokens, tls, false)), expected);
            assert_eq!(Beyond::of(&options(tokens, tls, true)), Beyond::Allowed);
        }
    }

    #[test]
    fn says_which_port_is_taken_and_what_to_do() {
        let holder = bind_all(&[address("127.0.0.1:0")], Beyond::NobodyAsked).unwrap();
        let taken = holder[0].address;
        let error = bind_all(&[taken], Beyond::NobodyAsked).err().unwrap();
        assert!(matches!(error, BindError::PortTaken { address } if address == taken));
        assert!(
            error
                .to_string()
                .contains(&format!("port {} is taken", taken.port()))
        );
    }

    #[test]
    fn on_a_mac_names_airplay_for_port_5000() {
        let sentence = port_taken(address("127.0.0.1:5000"), true);
        assert!(sentence.contains("AirPlay Receiver"));
        assert!(sentence.contains("--port 5001"));
        assert!(!port_taken(address("127.0.0.1:5000"), false).contains("AirPlay"));
        assert!(port_taken(address("127.0.0.1:65535"), false).contains("--port 5001"));
    }

    #[test]
    fn says_what_the_system_refuses() {
        // An address of the documentation range, which no machine has.
        let error = bind_all(&[address("192.0.2.1:0")], Beyond::Allowed)
            .err()
            .unwrap();
        assert!(matches!(error, BindError::Refused { .. }), "{error}");
        assert!(error.to_string().contains("192.0.2.1"));
    }
}
