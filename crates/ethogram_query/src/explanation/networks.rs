//! Networks that were read lately.

use std::sync::{Arc, Mutex, PoisonError};

use ethogram_model::{Forward, Limits, Model};
use ethogram_store::{CheckpointRow, RunSource};

use crate::{Error, Result};

/// Networks that are kept.
const KEPT: usize = 8;
/// Of these, ready to be run: more, so that a training's checkpoints can be asked one after the other.
const KEPT_READY: usize = 16;
/// Largest file of a network.
const FILE_BYTES_MAX: u64 = 512 << 20;

/// The networks of a run, by their content.
#[derive(Default)]
pub struct Networks {
    /// Used last comes last.
    known: Mutex<Vec<(String, Arc<Model>)>>,
    /// Ready to be run; used last comes last.
    ready: Mutex<Vec<(String, Arc<Forward>)>>,
}

impl Networks {
    /// Lets go of all of them.
    pub fn forget(&self) {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.ready.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// The network of a checkpoint, ready to be run again and again.
    pub fn forward(&self, source: &dyn RunSource, checkpoint: &CheckpointRow) -> Result<Arc<Forward>> {
        let lock = || self.ready.lock().unwrap_or_else(PoisonError::into_inner);
        {
            let mut ready = lock();
            if let Some(index) = ready.iter().position(|(hash, _)| *hash == checkpoint.hash) {
                let entry = ready.remove(index);
                ready.push(entry.clone());
                return Ok(entry.1);
            }
        }
        let forward = Arc::new(Forward::new(self.open(source, checkpoint)?));
        let mut ready = lock();
        ready.push((checkpoint.hash.clone(), Arc::clone(&forward)));
        if ready.len() > KEPT_READY {
            ready.remove(0);
        }
        Ok(forward)
    }

    /// The network of a checkpoint.
    pub fn open(&self, source: &dyn RunSource, checkpoint: &CheckpointRow) -> Result<Arc<Model>> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(index) = known.iter().position(|(hash, _)| *hash == checkpoint.hash) {
            let entry = known.remove(index);
            known.push(entry.clone());
            return Ok(entry.1);
        }
        drop(known);
        let limits = Limits { file_bytes: FILE_BYTES_MAX, ..Limits::default() };
        let found = source.blob_bytes(&checkpoint.hash)?.unwrap_or(0);
        if found > FILE_BYTES_MAX {
            let what = format!("bytes of checkpoint {:?} (FILE_BYTES_MAX)", checkpoint.name);
            return Err(Error::TooLarge { what, limit: FILE_BYTES_MAX, found });
        }
        let model = Arc::new(Model::from_bytes(&source.blob(&checkpoint.hash)?, &limits)?);
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.push((checkpoint.hash.clone(), Arc::clone(&model)));
        if known.len() > KEPT {
            known.remove(0);
        }
        Ok(model)
    }
}
