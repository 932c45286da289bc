//! Work ends when nobody waits for its answer any more.

use ethogram_query::Cancel;

/// Calls work off when it is dropped, as the future of an answer is when its client goes.
pub struct CancelWhenDropped(pub Cancel);

impl Drop for CancelWhenDropped {
    fn drop(&mut self) {
        self.0.cancel();
    }
}
