//! One file a verb.

pub mod info;
pub mod ls;
pub mod serve;
