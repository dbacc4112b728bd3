//! Who listens to changes of whose list. Listeners hear that there is something new, not what: they look for themselves,
//! when they come to it, so that a slow one has nothing waiting here.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use crate::platform::hash;

/// How many may listen to one owner's list. Each web server needs one for a customer, however many pages they have open.
pub(super) const MAX_PER_OWNER: usize = 20;

/// How owners are called here, and between replicas: what others can read of it says nothing.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct OwnerName(String);

impl OwnerName {
    /// The name of an owner.
    pub(super) fn of(owner: &str) -> Self {
        Self(hash::sha256_base64url(owner))
    }

    /// What another replica told, as [`OwnerName::as_str`] gave it.
    pub(super) fn told(name: &str) -> Self {
        Self(name.to_owned())
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

/// What listeners hear.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct News {
    /// The largest number that was told of a change; 0 before the first.
    pub(super) number: i64,
    /// How often something may have been missed.
    pub(super) gaps: u64,
}

/// Why nobody more may listen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Full {
    /// [`MAX_PER_OWNER`] listen to this owner's list.
    OfOwner,
    /// There are as many as this server can have.
    InAll,
}

/// Everybody who listens in this process. Cheap to clone.
#[derive(Clone, Default)]
pub(super) struct Live(Arc<Mutex<Listeners>>);

#[derive(Default)]
struct Listeners {
    count: usize,
    owners: HashMap<OwnerName, watch::Sender<News>>,
}

impl Live {
    fn listeners(&self) -> MutexGuard<'_, Listeners> {
        // Nothing panics while it holds the lock.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Listens to an owner's list, unless there are `max` listeners in all.
    pub(super) fn listen(&self, owner: OwnerName, max: usize) -> Result<Listener, Full> {
        let mut listeners = self.listeners();
        if listeners.count >= max {
            return Err(Full::InAll);
        }
        let news = listeners.owners.entry(owner.clone()).or_default();
        if news.receiver_count() >= MAX_PER_OWNER {
            return Err(Full::OfOwner);
        }
        let news = news.subscribe();
        listeners.count += 1;
        Ok(Listener { live: self.clone(), owner, news })
    }

    /// Tells that an owner's list has come to the change `number`.
    pub(super) fn tell(&self, owner: &OwnerName, number: i64) {
        if let Some(news) = self.listeners().owners.get(owner) {
            // Told by this process and by the database, and perhaps out of order.
            news.send_if_modified(|news| {
                let is_new = number > news.number;
                news.number = news.number.max(number);
                is_new
            });
        }
    }

    /// Tells everybody that something may have been missed.
    pub(super) fn tell_of_gap(&self) {
        for news in self.listeners().owners.values() {
            news.send_modify(|news| news.gaps += 1);
        }
    }
}

/// One who listens; until it is dropped.
pub(super) struct Listener {
    live: Live,
    owner: OwnerName,
    news: watch::Receiver<News>,
}

impl Listener {
    /// What was told last.
    pub(super) fn news(&mut self) -> News {
        *self.news.borrow_and_update()
    }

    /// Waits until something is told.
    pub(super) async fn told(&mut self) {
        // The sender lives as long as there is a listener.
        let _ = self.news.changed().await;
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let mut listeners = self.live.listeners();
        listeners.count -= 1;
        // This one is still counted.
        if listeners.owners.get(&self.owner).is_some_and(|news| news.receiver_count() <= 1) {
            listeners.owners.remove(&self.owner);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listen(live: &Live, owner: &str, max: usize) -> Result<Listener, Full> {
        live.listen(OwnerName::of(owner), max)
    }

    #[test]
    fn listeners_are_limited_for_one_owner_and_in_all_and_nothing_is_left_of_those_who_went() {
        let live = Live::default();
        let mut all: Vec<Listener> = (0..MAX_PER_OWNER).map(|_| listen(&live, "a", 25).expect("room")).collect();
        assert_eq!(listen(&live, "a", 25).err(), Some(Full::OfOwner));
        all.extend((0..5).map(|_| listen(&live, "b", 25).expect("room")));
        assert_eq!(listen(&live, "c", 25).err(), Some(Full::InAll));
        drop(all.pop());
        assert!(listen(&live, "c", 25).is_ok());
        drop(all);
        let left = live.listeners();
        assert_eq!((left.count, left.owners.len()), (0, 0));
    }

    #[tokio::test]
    async fn a_listener_hears_of_its_own_list_only_and_of_several_changes_once() {
        let live = Live::default();
        let (mut a, mut b) = (listen(&live, "a", 9).expect("room"), listen(&live, "b", 9).expect("room"));
        for number in [1, 3, 2, 3] {
            live.tell(&OwnerName::of("a"), number);
        }
        a.told().await;
        assert_eq!(a.news(), News { number: 3, gaps: 0 });
        live.tell(&OwnerName::of("a"), 3);
        for (listener, _) in [(&mut a, ""), (&mut b, "")] {
            let told = tokio::time::timeout(std::time::Duration::from_millis(50), listener.told()).await;
            assert!(told.is_err(), "{:?}", listener.news());
        }
        live.tell_of_gap();
        b.told().await;
        assert_eq!(b.news(), News { number: 0, gaps: 1 });
    }
}
