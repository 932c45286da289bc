//! One file a verb.

pub mod check;
pub mod compact;
pub mod compare;
pub mod embed;
pub mod events;
pub mod explain;
pub mod export;
pub mod features;
pub mod import;
pub mod info;
pub mod ls;
pub mod pull;
pub mod push;
pub mod report;
pub mod serve;
pub mod video;
