//! One file a verb.

pub mod check;
pub mod compact;
pub mod info;
pub mod ls;
pub mod serve;
pub mod video;
