//! Open connections, so that one address does not hold all that the system lets this process have.

use crate::caller::Caller;
use crate::held::Held;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

/// Counts connections by where they come from.
pub struct Connections {
    /// So many from one address; unlimited for those in front of us.
    most: usize,
    exempt: Vec<IpAddr>,
    open: Mutex<Held>,
}

/// One connection, until it is dropped.
pub struct Connection {
    connections: Arc<Connections>,
    from: Caller,
}

impl Connections {
    /// `most` from one address, or from one network of IPv6 (/64). Proxies that are trusted bring those of others.
    pub fn new(most: usize, proxies: &[IpAddr]) -> Connections {
        Connections {
            most,
            exempt: proxies.iter().map(IpAddr::to_canonical).collect(),
            open: Mutex::default(),
        }
    }

    /// Counts a connection from `peer`; `None` if there are too many from there.
    pub fn enter(self: &Arc<Self>, peer: IpAddr) -> Option<Connection> {
        let from = Caller::new(None, Some(peer));
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.of(from) >= self.most as u64 && !self.exempt.contains(&peer.to_canonical()) {
            return None;
        }
        open.take(from, 1);
        Some(Connection { connections: self.clone(), from })
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        let mut open = self.connections.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.give_back(self.from, 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_its_share_and_a_proxy_any_number() {
        let [stranger, proxy] = ["192.0.2.1", "192.0.2.2"].map(|text| text.parse().unwrap());
        let connections = Arc::new(Connections::new(2, &[proxy]));
        let mut held = [stranger, stranger, proxy, proxy, proxy].map(|from| connections.enter(from));
        assert!(held.iter().all(Option::is_some));
        assert!(connections.enter(stranger).is_none());
        held[0] = None;
        assert!(connections.enter(stranger).is_some());
        drop(held);
        assert!(connections.open.lock().unwrap().is_empty());
    }
}
