//! What was made ready to be asked, kept with the model: the next step of an episode asks the same with other numbers.

use std::any::Any;
use std::sync::{Arc, Mutex, PoisonError};

use crate::error::Result;

/// Questions that are kept; the one not asked for longest is let go of.
const KEPT: usize = 24;

type Known = (String, Arc<dyn Any + Send + Sync>);

/// The questions that were made ready last.
#[derive(Debug, Default)]
pub struct Prepared(Mutex<Vec<Known>>);

impl Prepared {
    /// What is known under this name, made by `make` when nothing is. The name must say all that it depends on beside the model.
    pub fn get<T: Any + Send + Sync>(&self, name: &str, make: impl FnOnce() -> Result<T>) -> Result<Arc<T>> {
        if let Some(found) = self.find(name) {
            return Ok(found);
        }
        // Made without the lock: others go on meanwhile, and at worst make the same.
        let made = Arc::new(make()?);
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= KEPT {
            known.remove(0);
        }
        known.push((name.to_owned(), made.clone()));
        Ok(made)
    }

    fn find<T: Any + Send + Sync>(&self, name: &str) -> Option<Arc<T>> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let index = known.iter().position(|(asked, _)| asked == name)?;
        known[index..].rotate_left(1);
        known.last()?.1.clone().downcast().ok()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
mod tests {
    use super::*;

    #[test]
    fn the_last_questions_are_kept() {
        let prepared = Prepared::default();
        let mut made = 0;
        let mut ask = |name: &str| {
            let found = prepared.get(name, || {
                made += 1;
                Ok(name.to_owned())
            });
            assert_eq!(*found.unwrap(), name);
            made
        };
        assert_eq!((ask("a"), ask("b"), ask("a")), (1, 2, 2));
        for index in 0..KEPT - 1 {
            ask(&format!("other {index}"));
        }
        // The one asked for again is kept longer than the other.
        let before = KEPT + 1;
        assert_eq!((ask("a"), ask("b")), (before, before + 1));
        assert!(prepared.get("fails", || Err::<u8, _>(crate::Error::Cancelled)).is_err());
    }
}
