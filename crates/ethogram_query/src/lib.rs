//! Any field of any run, logged or derived.
//!
//! A [`Workbench`] holds the runs under some roots. Everything that a person may look at is asked of it: a summary for the table
//! of runs, a [`Series`] for a curve, a [`Field`] for the steps of an episode. `reward` was logged; `advantage` is derived from
//! other fields when first asked for, cached, and from then on looks like a logged one.
//!
//! It knows runs by [`ethogram_store::RunSource`] alone, so other people's formats come in through an [`Opener`](ethogram_store::Opener).
//! It knows no HTTP and has no wire types.

mod action_counts;
mod attached_film;
mod benchmark;
mod catalogue;
pub mod derivation;
mod episode_columns;
mod episode_summary;
mod error;
mod events;
mod explanation;
mod extents;
mod features;
mod field;
mod group;
mod health;
mod heat_map;
mod histogram;
mod lazy_run;
mod maps;
mod name_pattern;
mod native;
mod nearest_names;
mod network;
#[cfg(feature = "s3")]
mod object;
mod opener;
mod parallel;
mod param;
mod policy_change;
mod run_handle;
mod samples;
mod series;
mod summary;
mod table;
mod tensor_rows;
mod trend_line;
mod video;
mod workbench;

pub use action_counts::{
    ACTION_EPISODES_MAX, ACTION_PARTS_MAX, ACTION_STEPS_MAX, ACTIONS_MAX, ActionCounts, ActionPart, Spread,
};
pub use attached_film::AttachedFilm;
pub use benchmark::{
    ALGORITHMS_MAX, Along, BENCHMARK_RUNS_MAX, Benchmark, BenchmarkAlgorithm, BenchmarkCell, BenchmarkCurve,
    BenchmarkPair, BenchmarkPart, BenchmarkRequest, BenchmarkRun, CURVE_POINTS_MAX, CellOf, ConfigDifference, Facet,
    How, Normalization, PARAMETERS_MAX, Parameter, ParameterValues, Parameters, ParametersRequest, ParametersRun,
    SCORE_EPISODES, Score, TASKS_MAX, TableFormat, WORDS_MAX,
};
pub use catalogue::{STANDARD_FIELDS, StandardField};
pub use derivation::{DERIVATIONS, Derivation};
pub use episode_columns::EPISODE_TAGS;
pub use episode_summary::EpisodeSummary;
pub use error::{Error, Result};
pub use ethogram_analysis::{
    Bootstrap, Estimate, Fall, ForestParams, Metric, Profile, REPS_MAX, Summary, TREES_MAX, Trend, factor_colours,
};
pub use ethogram_model::{
    ATTRIBUTIONS, Attribution, Cancel, Curves, LayerChoice, Measure, Method, Param as Setting,
    ParamKind as SettingKind, Part, Progress, Randomised,
};
pub use ethogram_store::Opener;
pub use ethogram_video::{COLOUR_MAPS, Error as FilmError, FilmTimes, Format as VideoFormat, Layout as VideoLayout};
pub use events::{
    EVENT_KINDS, EVENT_PARAMS, EVENTS_TOP_DEFAULT, EVENTS_TOP_MAX, EpisodeEvents, Event, EventKind, EventsRequest,
    RankedEvents,
};
pub use explanation::{
    ANSWERS_MAX, ATTRIBUTION_PREFIX, Activations, COMPARED_STEPS_MAX, Counterfactual, CounterfactualRequest,
    Disagreement, DisagreementRequest, EDIT_PLACES_MAX, EDITS_MAX, EXPLAINED_STEPS_MAX, Edit, EditChange, EditPlace,
    EditedField, Explanation, ExplanationChoices, ExplanationRequest, KEPT_BYTES_MAX, KeptSize, Of, OutputParity,
    PLANTED_MAX, Parity, Patched, Quality, QualityChecks, Said, Size, TargetChoice, Verdict, WHAT_IF_CHECKPOINTS_MAX,
    WhatIf, WhatIfAnswer, WhatIfAttribution, WhatIfField, WhatIfRequest, WhichCheckpoints,
};
pub use extents::Extents;
pub use features::{
    DRAWING, FEATURE_IMAGES_MAX, FEATURE_MAP_STEPS_MAX, FEATURE_NUMBERS_MAX, FEATURE_STATES_MAX, FEATURES_MAX,
    FeatureImage, FeatureImages, FeatureImagesRequest, FeatureMaps, FeatureMapsRequest, FeaturesRequest,
    IMAGES_WARNING, ImagePlace, ImagesSoFar, LayerFeatures, OF_ACTIVATIONS, Seen, Shown, WithoutRequest,
};
pub use field::{DERIVED_PREFIX, FIELD_BYTES_MAX, Field, FieldEntry, FieldRequest, Origin};
pub use group::{GROUP_RUNS_MAX, GroupRequest, GroupSeries};
pub use health::{HEALTH_PARAMS, HEALTH_RULES, Health, HealthFinding, HealthRule};
pub use heat_map::{ENTRIES_MAX, HeatMap, HeatMapRequest};
pub use histogram::{BINS_DEFAULT, Counted, HistogramRequest, HistogramRow, Histograms};
pub use maps::{
    LeftOut, MAP_LABELS_MAX, MAP_METHODS, MAP_PICTURE_SIDE_MAX, MAP_PICTURES_MAX, MAP_POINTS_MAX, MAP_SOURCES_MAX,
    MAP_VALUES_BYTES_MAX, MAP_WORDS_MAX, MAPS_BYTES_MAX, MapChoices, MapColour, MapField, MapLayout, MapMethod,
    MapNews, MapOf, MapPicture, MapPictures, MapPlace, MapPlan, MapRequest, MapSource, MapSteer, StateMap,
};
pub use name_pattern::NamePattern;
pub use native::NativeOpener;
pub use nearest_names::{did_you_mean, nearest_names};
pub use network::{
    ARRAY_NUMBERS_MAX, ArrayHistogramRequest, ArrayPicture, ArrayPictureRequest, ArraySource, ArraySpread, ArrayStrip,
    ArrayStripRequest, ArraysFileRequest, FILE_NUMBERS_MAX, NetworkArrays, SHEET_SIDE_MAX, STRIP_CELLS_MAX,
    STRIP_STEPS_MAX, Sheet, WINDOW_MAX, WeightEntry,
};
#[cfg(feature = "s3")]
pub use object::{ObjectOpener, RemoteOptions};
pub use opener::Root;
pub use parallel::{in_parallel, threads};
pub use param::{GAMMA_DEFAULT, Param, ParamKind, ParamValue, Params};
pub use policy_change::{CheckpointChange, CheckpointChanges, EpisodeDivergence};
pub use run_handle::RunHandle;
pub use series::{BUCKETS_MAX, Series, SeriesRequest, Smoothing};
pub use summary::RunSummary;
pub use table::{
    Cells, NpzArchive, PointsRequest, STEP_ELEMENTS_MAX, StepsRequest, TABLE_CELLS_MAX, TABLE_READ_ROWS_MAX, Table,
    TableColumn, TableFile,
};
pub use tensor_rows::{TENSOR_ELEMENTS_MAX, TENSOR_ROWS_MAX};
pub use trend_line::{TREND_LOOKS_MAX, TREND_PLACES_MAX, TREND_POINTS_MAX, TrendLine};
pub use video::{OVERLAY_OPACITY_DEFAULT, Overlay, VIDEO_FPS_DEFAULT, Video, VideoAxis, VideoRequest};
pub use workbench::{Change, Options, Skipped, Workbench};
