//! Who is connected, by address: one caller may not take the places of all others.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use ipnet::IpNet;

/// How often it is said that connections are turned away: whoever comes in crowds must not fill the log as well.
const SAY_EVERY: Duration = Duration::from_secs(10);

/// The open connections of a listener, counted by address.
#[derive(Debug)]
pub(super) struct Crowd {
    most: usize,
    exempt: Vec<IpNet>,
    here: Mutex<Here>,
}

#[derive(Debug, Default)]
struct Here {
    seats: HashMap<IpAddr, usize>,
    turned_away: u64,
    said: Option<Instant>,
}

impl Crowd {
    /// At most `most` of one address (0: as many as come), but for these.
    pub(super) fn new(most: usize, exempt: Vec<IpNet>) -> Crowd {
        Crowd { most, exempt, here: Mutex::default() }
    }

    /// A seat for a caller, given back when it is dropped; `None` where its address has all that it may.
    pub(super) fn admit(self: &Arc<Crowd>, caller: IpAddr) -> Option<Seat> {
        let caller = caller.to_canonical();
        if self.most == 0 || self.exempt.iter().any(|net| net.contains(&caller)) {
            return Some(Seat(None));
        }
        let whose = household(caller);
        let mut here = self.here();
        let seats = here.seats.entry(whose).or_insert(0);
        if *seats < self.most {
            *seats += 1;
            return Some(Seat(Some((Arc::clone(self), whose))));
        }
        here.turned_away += 1;
        if here.said.is_none_or(|said| said.elapsed() >= SAY_EVERY) {
            let turned_away = std::mem::take(&mut here.turned_away);
            here.said = Some(Instant::now());
            tracing::warn!(
                address = %caller,
                most = self.most,
                turned_away,
                "an address has as many connections as it may; further ones are closed at once"
            );
        }
        None
    }

    fn here(&self) -> MutexGuard<'_, Here> {
        // Nothing panics while it is held, and the counts are whole after every statement.
        self.here.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whose address it is: on IPv6 a household has a /64.
fn household(caller: IpAddr) -> IpAddr {
    match caller {
        IpAddr::V4(_) => caller,
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into(),
    }
}

/// A place that one connection takes.
#[derive(Debug)]
pub(super) struct Seat(Option<(Arc<Crowd>, IpAddr)>);

impl Drop for Seat {
    fn drop(&mut self) {
        let Some((crowd, whose)) = self.0.take() else { return };
        let mut here = crowd.here();
        if let Some(seats) = here.seats.get_mut(&whose) {
            *seats -= 1;
            if *seats == 0 {
                here.seats.remove(&whose);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_so_many_seats_and_a_listed_proxy_as_many_as_it_wants() {
        let crowd = Arc::new(Crowd::new(2, vec!["10.0.0.0/8".parse().unwrap()]));
        let comes = |address: &str| crowd.admit(address.parse().unwrap());
        let first = comes("203.0.113.1");
        let second = comes("::ffff:203.0.113.1");
        assert!(first.is_some() && second.is_some() && comes("203.0.113.1").is_none());
        assert!(comes("203.0.113.2").is_some(), "a neighbour");
        drop(first);
        assert!(comes("203.0.113.1").is_some(), "a seat that was given back");
        let house = (comes("2001:db8::1"), comes("2001:db8::ffff:2"));
        assert!(house.0.is_some() && house.1.is_some() && comes("2001:db8::3").is_none(), "one household");
        assert!(comes("2001:db8:0:1::3").is_some(), "another one");
        let proxied: Vec<_> = (0..50).map(|_| comes("10.1.2.3")).collect();
        assert!(proxied.iter().all(Option::is_some));
        drop((second, house, proxied));
        assert!(crowd.here().seats.is_empty(), "nothing is kept of those who left");
        let open = Arc::new(Crowd::new(0, Vec::new()));
        let all: Vec<_> = (0..50).map(|_| open.admit("203.0.113.1".parse().unwrap())).collect();
        assert!(all.iter().all(Option::is_some));
    }
}
