//! Ports that the system gives and does not give to others soon.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};

use socket2::{Domain, Socket, Type};

/// A free port on 127.0.0.1, which the system gives to nobody else for about a minute.
///
/// One connection is made to it and closed by the listener's side first, so that the port rests (TIME_WAIT). The system does not pick
/// a resting port, yet a server that asks for it by number, with address reuse as all servers do, gets it.
///
/// # Errors
/// When the system has none.
pub(crate) fn reserve() -> io::Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = listener.local_addr()?;
    let client = TcpStream::connect(address)?;
    let (accepted, _) = listener.accept()?;
    // Who closes first rests.
    drop(accepted);
    drop(client);
    Ok(address.port())
}

/// Whether a server could listen on that port of 127.0.0.1 now.
pub(crate) fn is_free(port: u16) -> bool {
    let bind = || -> io::Result<()> {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        socket.set_reuse_address(true)?;
        socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, port)).into())?;
        socket.listen(1)
    };
    bind().is_ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn reserved_ports_differ_and_can_be_used() {
        let ports: HashSet<u16> = (0..50).map(|_| reserve().unwrap()).collect();
        assert_eq!(ports.len(), 50);
        assert!(ports.into_iter().all(is_free));
    }

    #[test]
    fn a_port_that_is_listened_on_is_not_free() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        assert!(!is_free(listener.local_addr().unwrap().port()));
    }
}
