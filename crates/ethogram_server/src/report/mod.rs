//! A static report: the app's own pages in one HTML file, with the answers that they will ask for. `docs/report.md` has the file.
//!
//! The maker asks the routes of this server, in this process; what they answer is packed into the page that was built with the app
//! (`web/report_page.ts`). In the browser `web/src/api/recorded_client.ts` finds the answers again.

mod asker;
mod book;
mod episode;
mod explained;
mod film;
mod group;
mod maker;
mod maps;
mod request;
mod run;

pub(crate) use maker::make_in;
pub use maker::{MadeReport, ReportProgress, Told, make};
pub use request::{EpisodeChoice, NamedEpisode, ReportEpisode, ReportExplanation, ReportFeatures, ReportRequest};
