//! A machine's requests, as the program makes them: what it asks before, how often, and what it
//! makes of an answer that does not come (`src/remote/write.rs`, `copy.rs`, `keep.rs`).

use super::hands::Failure;
use super::run::{Company, Work};
use super::server::{Answer, Copying, Expect};
use super::turn::{Due, Luck};
use super::world::{Bytes, Object, World};
use s3_bsync::key::Key;
use s3_bsync::plan::Readability;
use s3_bsync::stamp::{ETag, RemoteStamp};

/// How often a write is tried that nobody answers.
const TRIES: usize = 2;

/// What is under the key of a write.
enum Seen {
    Ours(RemoteStamp),
    Expected,
    Foreign,
}

/// One conditional write.
struct Attempt<'a> {
    key: &'a Key,
    expect: Expect<'a>,
    write: u64,
    is_enforced: bool,
}

impl Work<'_> {
    async fn request<T>(
        &self,
        what: impl Fn() -> String,
        mut effect: impl FnMut(&mut World) -> Answer<T>,
    ) -> Answer<T> {
        let luck = self.pace.turn(Due::Request).await;
        let answer = self.answer(luck, &what, &mut effect);
        if luck != Luck::Unheard {
            return answer;
        }
        self.pace.turn(Due::Request).await;
        self.answer(Luck::Good, &what, &mut effect)
    }

    fn answer<T>(
        &self,
        luck: Luck,
        what: impl Fn() -> String,
        mut effect: impl FnMut(&mut World) -> Answer<T>,
    ) -> Answer<T> {
        let mut world = self.world.borrow_mut();
        let (answer, unheard) = match luck {
            Luck::Good => (effect(&mut world), ""),
            Luck::Unheard => (effect(&mut world), ", which nobody hears"),
            Luck::Fails => (Answer::Broken, ""),
        };
        world.tell(|| format!("{}: {}: {answer}{unheard}", self.who + 1, what()));
        answer
    }

    pub(super) async fn head(&self, key: &Key) -> Result<Option<Object>, Failure> {
        let what = || format!("HEAD {key}");
        let looks = |world: &mut World| Answer::Done(world.remote.get(key).cloned());
        match self.request(what, looks).await {
            Answer::Done(found) => Ok(found),
            _ => Err(Failure::Unreachable),
        }
    }

    /// The object, where it is the expected one.
    pub(super) async fn get(&self, key: &Key, expected: &RemoteStamp) -> Result<Object, Failure> {
        let what = || format!("GET {key}");
        let reads = |world: &mut World| match world.remote.get(key) {
            Some(object) if object.stamp.etag != expected.etag => Answer::Refused,
            Some(object) if object.readability != Readability::Readable => Answer::Archived,
            Some(object) => Answer::Done(object.clone()),
            None => Answer::Refused,
        };
        match self.request(what, reads).await {
            Answer::Done(object) => Ok(object),
            Answer::Refused => Err(Failure::Stale),
            Answer::Archived => {
                let is_alone = self.terms.company == Company::Alone;
                assert!(!is_alone, "{key} is archived and read");
                Err(Failure::Clash)
            }
            Answer::Broken => Err(Failure::Unreachable),
        }
    }

    pub(super) async fn put(
        &self,
        key: &Key,
        file: (Bytes, i64),
        expect: Expect<'_>,
    ) -> Result<RemoteStamp, Failure> {
        let (write, found) = (self.fresh(), self.found());
        let attempt = Attempt {
            key,
            expect,
            write,
            is_enforced: match expect {
                Expect::Absent => found.put_if_absent,
                Expect::Is(_) => found.put_if_match,
            },
        };
        let what = || format!("PUT {key} of {} over {expect}", file.0);
        let puts = |world: &mut World, condition: Option<Expect<'_>>| {
            world.put_if(self.who, key, file, write, condition)
        };
        self.write(&attempt, what, puts).await
    }

    /// Copies what must still be `source` to where nothing may be.
    pub(super) async fn copy(
        &self,
        from: &Key,
        source: &RemoteStamp,
        to: &Key,
    ) -> Result<RemoteStamp, Failure> {
        self.check_source(from, source).await?;
        let (write, found) = (self.fresh(), self.found());
        let attempt = Attempt {
            key: to,
            expect: Expect::Absent,
            write,
            is_enforced: found.copy_if_absent,
        };
        let copying = Copying {
            from,
            source: found.copy_source_if_match.then_some(&source.etag),
            to: Some(to),
            write,
        };
        let what = || format!("COPY {from} to {to}");
        let copies = |world: &mut World, condition: Option<Expect<'_>>| {
            world.copy_if(self.who, &copying, condition)
        };
        let stamp = self.write(&attempt, what, copies).await?;
        let is_source = found.copy_source_if_match || self.is_still(from, source).await?;
        let copy = self.head(to).await?;
        let copy = copy.filter(|copy| copy.stamp.etag == stamp.etag);
        let copy = copy.ok_or(Failure::Stale)?;
        let is_whole = match (&source.etag, &copy.stamp.etag) {
            (ETag::Md5(source), ETag::Md5(copy)) => source == copy,
            _ => true,
        };
        if is_source && is_whole {
            return Ok(copy.stamp);
        }
        // It is the machine's own copy of something else.
        let _ = self.delete(to, &copy.stamp.etag).await;
        Err(Failure::Stale)
    }

    /// The same with one request, of an object whose ETag proves its bytes.
    pub(super) async fn copy_plain(
        &self,
        from: &Key,
        source: &RemoteStamp,
        to: &Key,
    ) -> Result<RemoteStamp, Failure> {
        let found = self.found();
        if !(found.copy_source_if_match && found.copy_if_absent) {
            return self.copy(from, source, to).await;
        }
        let copying = Copying {
            from,
            source: Some(&source.etag),
            to: Some(to),
            write: 0,
        };
        for _ in 0..TRIES {
            let what = || format!("COPY {from} to {to}");
            let copies =
                |world: &mut World| world.copy_if(self.who, &copying, Some(Expect::Absent));
            let is_refused = match self.request(what, copies).await {
                Answer::Done(stamp) => return Ok(stamp),
                Answer::Archived => return Err(Failure::Clash),
                Answer::Refused => true,
                Answer::Broken => false,
            };
            let there = self.head(to).await?;
            if let Some(object) = there
                && object.stamp.is_same_object(source)
            {
                return Ok(object.stamp);
            }
            if is_refused {
                return Err(Failure::Stale);
            }
        }
        Err(Failure::Unreachable)
    }

    /// Makes sure that what must still be `loser` can be found after it is gone.
    pub(super) async fn keep(&self, key: &Key, loser: &RemoteStamp) -> Result<(), Failure> {
        self.check_source(key, loser).await?;
        let found = self.found();
        let copying = Copying {
            from: key,
            source: found.copy_source_if_match.then_some(&loser.etag),
            to: None,
            write: 0,
        };
        let what = || format!("COPY {key} to the recovery folder");
        let keeps = |world: &mut World| world.copy_if(self.who, &copying, None);
        match self.request(what, keeps).await {
            Answer::Done(_) => {}
            Answer::Refused => return Err(Failure::Stale),
            Answer::Archived => return Err(Failure::Clash),
            Answer::Broken => return Err(Failure::Unreachable),
        }
        if found.copy_source_if_match || self.is_still(key, loser).await? {
            Ok(())
        } else {
            Err(Failure::Stale)
        }
    }

    /// Deletes what must have this ETag; what is gone already is gone.
    pub(super) async fn delete(&self, key: &Key, expect: &ETag) -> Result<(), Failure> {
        let is_enforced = self.found().delete_if_match;
        for _ in 0..TRIES {
            if !is_enforced {
                match self.head(key).await? {
                    None => return Ok(()),
                    Some(object) if object.stamp.etag != *expect => return Err(Failure::Stale),
                    Some(_) => {}
                }
            }
            let what = || format!("DELETE {key}, which is {}", Expect::Is(expect));
            let condition = is_enforced.then_some(expect);
            let deletes = |world: &mut World| world.delete_if(self.who, key, condition);
            let is_broken = match self.request(what, deletes).await {
                Answer::Done(()) => return Ok(()),
                Answer::Broken => true,
                Answer::Refused | Answer::Archived => false,
            };
            match self.head(key).await? {
                None => return Ok(()),
                Some(object) if is_broken && object.stamp.etag == *expect => {}
                Some(_) => return Err(Failure::Stale),
            }
        }
        Err(Failure::Unreachable)
    }

    /// A write with its condition, or a look before it where the server heeds none. What is not
    /// answered with success is looked at before it is believed.
    async fn write(
        &self,
        attempt: &Attempt<'_>,
        what: impl Fn() -> String,
        send: impl Fn(&mut World, Option<Expect<'_>>) -> Answer<RemoteStamp>,
    ) -> Result<RemoteStamp, Failure> {
        for _ in 0..TRIES {
            let condition = attempt.is_enforced.then_some(attempt.expect);
            if condition.is_none() {
                match self.see(attempt).await? {
                    Seen::Ours(stamp) => return Ok(stamp),
                    Seen::Expected => {}
                    Seen::Foreign => return Err(Failure::Stale),
                }
            }
            let is_refused = match self.request(&what, |world| send(world, condition)).await {
                Answer::Done(stamp) => return Ok(stamp),
                Answer::Archived => return Err(Failure::Clash),
                Answer::Refused => true,
                Answer::Broken => false,
            };
            match self.see(attempt).await? {
                Seen::Ours(stamp) => return Ok(stamp),
                Seen::Expected if !is_refused => {}
                Seen::Expected | Seen::Foreign => return Err(Failure::Stale),
            }
        }
        Err(Failure::Unreachable)
    }

    async fn see(&self, attempt: &Attempt<'_>) -> Result<Seen, Failure> {
        let found = self.head(attempt.key).await?;
        Ok(match (found, attempt.expect) {
            (Some(object), _) if object.write == attempt.write => Seen::Ours(object.stamp),
            (None, Expect::Absent) => Seen::Expected,
            (Some(object), Expect::Is(etag)) if object.stamp.etag == *etag => Seen::Expected,
            _ => Seen::Foreign,
        })
    }

    async fn check_source(&self, key: &Key, source: &RemoteStamp) -> Result<(), Failure> {
        match self.head(key).await? {
            Some(object) if object.stamp.is_same_object(source) => match object.readability {
                Readability::Readable | Readability::Sealed => Ok(()),
                Readability::Archived | Readability::Restoring => Err(Failure::Clash),
            },
            _ => Err(Failure::Stale),
        }
    }

    async fn is_still(&self, key: &Key, stamp: &RemoteStamp) -> Result<bool, Failure> {
        let found = self.head(key).await?;
        Ok(found.is_some_and(|object| object.stamp.is_same_object(stamp)))
    }

    fn fresh(&self) -> u64 {
        self.world.borrow_mut().fresh()
    }

    fn found(&self) -> s3_bsync::state::Capabilities {
        self.world.borrow().found
    }
}
