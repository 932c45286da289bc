//! What a map will be made of, looked at before anything large is read.

use std::sync::Arc;

use ethogram_model::Cancel;

use super::lengths::stretches;
use super::map::StateMap;
use super::method::{Chosen, Way, chosen};
use super::request::{MAP_VALUES_BYTES_MAX, MapRequest, wrong};
use super::rows::{From, Reader, Subject};
use super::selection::{Place, Stretch, spread};
use crate::{Error, Result, Workbench};

/// Products of two numbers that the search for neighbours may take: some minutes of a small machine.
const NEIGHBOR_PRODUCTS_MAX: u64 = 20_000_000_000_000;
/// Places that are tried before it is said that a field is nowhere.
const TRIED_MAX: usize = 32;

/// A map that can be made.
pub struct MapPlan {
    pub(super) request: MapRequest,
    pub(super) chosen: Chosen,
    pub(super) from: Vec<From>,
    pub(super) stretches: Vec<Stretch>,
    pub(super) places: Vec<Place>,
    /// Steps of all sources.
    pub(super) steps: u64,
    pub(super) subject: Subject,
    pub(super) width: usize,
    pub(super) notes: Vec<String>,
    /// The map that this one is aligned to.
    pub(super) earlier: Option<Arc<StateMap>>,
}

impl Workbench {
    /// Looks whether a map can be made.
    ///
    /// # Errors
    /// [`Error::BadParam`] and [`Error::TooLarge`] for a request that cannot be, [`Error::NoRun`], [`Error::NoEpisode`], [`Error::NoField`],
    /// [`Error::Unexplained`] for layers without a network, [`Error::Unmapped`] when there are no steps, [`Error::MapGone`] for a map to align to.
    pub fn plan_map(&self, request: &MapRequest) -> Result<MapPlan> {
        request.check()?;
        let chosen = chosen(&request.method, request.dims, &request.settings)?;
        let earlier = request.align_to.as_ref().map(|id| self.kept_map(id)).transpose()?;
        if let Some(earlier) = earlier.as_ref().filter(|earlier| earlier.dims() != request.dims) {
            return Err(wrong(
                "align_to",
                &format!("a map of {} dimensions", request.dims),
                &earlier.dims().to_string(),
            ));
        }
        let mut from = Vec::with_capacity(request.sources.len());
        let mut all = Vec::new();
        for (index, source) in request.sources.iter().enumerate() {
            let run = self.source_of(source)?;
            all.extend(stretches(index as u32, source, &run)?);
            from.push(From { run, checkpoint: source.checkpoint });
        }
        let steps: u64 = all.iter().map(|stretch| stretch.steps).sum();
        let mut places = spread(&all, request.points);
        let Some(&first) = places.first() else {
            let why = "no steps were recorded; record episodes with eg.record(env, run) or run.episode(record=True)";
            return Err(Error::Unmapped { why: why.to_owned() });
        };
        let subject = Subject::of(&request.of, &from[first.source as usize].run, first.episode)?;
        let width = width(&from, &subject, &places)?;
        let mut notes = Vec::new();
        let most = (MAP_VALUES_BYTES_MAX / (4 * width as u64)).max(2) as usize;
        if places.len() > most {
            places = spread(&all, most);
            notes.push(format!(
                "{most} of {steps} steps are shown: each has {width} numbers, of which no more are held (MAP_VALUES_BYTES_MAX)"
            ));
        }
        affordable(&chosen, places.len(), width)?;
        if let Some(field) = &request.supervised_by {
            self.check_labels(&request.sources, &places, field)?;
        }
        let request = request.clone();
        Ok(MapPlan { request, chosen, from, stretches: all, places, steps, subject, width, notes, earlier })
    }

    /// Reads the numbers of a map and keeps it. `told` hears what share is read, and says whether to go on.
    ///
    /// # Errors
    /// [`Error::Stopped`], [`Error::Unmapped`] when fewer than two points are left, and whatever the run cannot answer.
    pub fn read_map(&self, plan: MapPlan, cancel: &Cancel, told: &mut dyn FnMut(f64) -> bool) -> Result<Arc<StateMap>> {
        let rows = Reader::new(&plan.from, &plan.subject, cancel).read(&plan.places, plan.width, told)?;
        let supervised_by = plan.request.supervised_by.clone();
        let mut map = StateMap::new(plan, rows, self.maps().next_id())?;
        if let Some(field) = &supervised_by {
            map.supervise(self.supervision(&map, field)?);
        }
        let map = Arc::new(map);
        self.maps().keep(&map);
        Ok(map)
    }
}

/// Numbers of a step, by the first places that have any.
fn width(from: &[From], subject: &Subject, places: &[Place]) -> Result<usize> {
    let cancel = Cancel::default();
    let mut failed = None;
    let by_episode = places.chunk_by(|a, b| (a.source, a.episode) == (b.source, b.episode));
    for some in by_episode.take(TRIED_MAX) {
        match Reader::new(from, subject, &cancel).width(some[0]) {
            Ok(0) => {}
            Ok(width) => return Ok(width),
            Err(error) if error.is_not_found() || error.is_missing_input() => {
                failed.get_or_insert(error);
            }
            Err(error) => return Err(error),
        }
    }
    let why = "none of the first episodes has the numbers that were asked for";
    Err(failed.unwrap_or_else(|| Error::Unmapped { why: why.to_owned() }))
}

fn affordable(chosen: &Chosen, points: usize, width: usize) -> Result<()> {
    if chosen.way == Way::Pca {
        return Ok(());
    }
    let width = if chosen.components > 0 { width.min(chosen.components) } else { width };
    let products = (points as u64).saturating_mul(points as u64).saturating_mul(width as u64);
    if products <= NEIGHBOR_PRODUCTS_MAX {
        return Ok(());
    }
    let most = ((NEIGHBOR_PRODUCTS_MAX / width as u64) as f64).sqrt() as u64;
    let what = format!("points with {width} numbers each, for the neighbours that {} needs,", chosen.way.name());
    Err(Error::TooLarge { what, limit: most, found: points as u64 })
}
