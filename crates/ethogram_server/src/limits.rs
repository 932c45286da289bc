//! Every size that comes from outside, in one place. Errors name the limit they hit.

use std::time::Duration;

/// Bytes of a request body.
pub const BODY_BYTES_MAX: usize = 1 << 20;
/// Bytes of the body of `POST /api/trend`: a million points.
pub const TREND_BYTES_MAX: usize = 17 << 20;
/// Bytes of a request's path and query together.
pub const TARGET_BYTES_MAX: usize = 16 << 10;
/// Series of one request, and runs of all its series together.
pub const SERIES_MAX: usize = 512;
/// Buckets of one series.
pub const BUCKETS_MAX: usize = 10_000;
/// Field names of one request.
pub const FIELDS_MAX: usize = 256;
/// Parameters of derived fields in one request.
pub const PARAMS_MAX: usize = 256;
/// Bytes of a field name, tag or run id in a request.
pub const NAME_BYTES_MAX: usize = 512;
/// Episodes of one answer.
pub const EPISODES_MAX: usize = 1_000_000;
/// Rows of tensors in one answer.
pub const TENSOR_ROWS_MAX: u64 = 10_000;
/// Bytes of one answer.
pub const RESPONSE_BYTES_MAX: u64 = 256 << 20;
/// Open event streams.
pub const EVENT_STREAMS_MAX: usize = 1_024;
/// Open connections, those of event streams among them; less where the system lets a process open few files.
pub const CONNECTIONS_MAX: usize = 2_048;
/// Requests that wait for a free worker; beyond that the answer is 503.
pub const WAITING_MAX: usize = 1_024;
/// Films that are made at once: each may take all processors.
pub const VIDEOS_MAX: usize = 2;
/// Maps that are laid out at once, those that are held among them.
pub const MAPS_MAX: usize = 4;
/// Layers that are taken apart at once: each may take all processors.
pub const FEATURES_AT_ONCE: usize = 2;
/// Reports that are made at once.
pub const REPORTS_AT_ONCE: usize = 2;
/// Bytes of the page of a report: what a browser opens from a disk without a wait.
pub const REPORT_BYTES_MAX: u64 = 64 << 20;
/// Bytes of the films that a report carries, together: they are as large as whoever made them wished.
pub const REPORT_FILM_BYTES_MAX: u64 = 16 << 20;
/// Runs of a report.
pub const REPORT_RUNS_MAX: usize = 64;
/// Curves of a run in a report.
pub const REPORT_CURVES_MAX: usize = 2_000;
/// Episodes of a report.
pub const REPORT_EPISODES_MAX: usize = 256;
/// Patterns of tags, explanations and layers of a report, each.
pub const REPORT_QUESTIONS_MAX: usize = 64;
/// Bytes of each text of a report.
pub const REPORT_TEXT_BYTES_MAX: usize = 64 << 10;
/// Bytes of a field of an episode in a report, before they are packed.
pub const REPORT_FIELD_BYTES_MAX: u64 = 32 << 20;
/// Ports tried after the default when it is taken.
pub const PORTS_TRIED: u16 = 100;

/// How long a connection may stay without a whole head of a request.
pub const HEAD_WITHIN: Duration = Duration::from_secs(30);
/// How long the body of a request may take to come.
pub const BODY_WITHIN: Duration = Duration::from_mins(1);
/// How often live runs are asked whether they grew.
pub const POLL_EVERY: Duration = Duration::from_millis(200);
/// How often runs are looked at while no page is open.
pub const POLL_UNHEARD_EVERY: Duration = Duration::from_secs(1);
/// How often the roots are looked through for new runs.
pub const RESCAN_EVERY: Duration = Duration::from_secs(1);
/// After so long without an event a stream is told `alive`: whoever hears nothing for much longer has lost the line.
pub const KEEP_ALIVE_EVERY: Duration = Duration::from_secs(5);
/// How often a client that waits for a film is told how far it is.
pub const VIDEO_TELL_EVERY: Duration = Duration::from_millis(100);
/// How often a client that waits for an answer in parts is told how far it is.
pub const PART_TELL_EVERY: Duration = Duration::from_millis(100);
/// How long open answers may take to end after the server was told to stop.
pub const SHUTDOWN_GRACE: Duration = Duration::from_secs(2);
