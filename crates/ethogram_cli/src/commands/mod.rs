//! One file a verb.

pub mod check;
pub mod compact;
pub mod embed;
pub mod explain;
pub mod info;
pub mod ls;
pub mod push;
pub mod serve;
pub mod video;
