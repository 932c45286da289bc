//! Where the values of events go.

use ethogram_store::{Axis, TensorKind};
use xxhash_rust::xxh3::xxh3_64;

use super::event::{Data, SummaryValue};
use super::tags::{Tag, Tags};
use super::{decode, hparams};
use crate::config::config_from_table;
use crate::points::{Scalars, TAGS_FULL};
use crate::tables::{Place, Tables, TensorPlaces};

/// Longest name of a tag. A longer one is cut, and has a checksum behind it: those of two tags stay two.
const NAME_BYTES_MAX: usize = 512;
/// Bytes of a longer name that are shown.
const NAME_BYTES_SHOWN: usize = 480;
/// Most elements of one value that have tags of their own.
const ELEMENTS_MAX: u32 = 10_000;
/// Most tags of tensors of one run.
const TENSOR_TAGS_MAX: usize = Scalars::TAGS_MAX;
/// Longest text in which hyper-parameters are looked for.
const CONFIG_TEXT_BYTES_MAX: usize = 1 << 20;

/// Where values go.
pub struct Sink<'a> {
    /// Of the file.
    pub name: &'a str,
    /// All that were seen.
    pub tags: &'a mut Tags,
    /// What was read.
    pub tables: &'a mut Tables,
    /// Only scalars are wanted: the rest is known.
    pub scalars_only: bool,
}

impl Sink<'_> {
    /// Takes a value. `anew` when it voids what its tag held at this step and later.
    pub fn value(&mut self, value: &SummaryValue<'_>, place: Place, anew: bool) {
        if value.tag.len() > NAME_BYTES_MAX {
            let why = format!("the name has {} bytes, over the limit of {NAME_BYTES_MAX}: it is cut", value.tag.len());
            self.lost(value, &why);
            let name = cut(value.tag);
            return self.value(&SummaryValue { tag: name.as_bytes(), ..*value }, place, anew);
        }
        if let Data::Simple(number) = value.data
            && let Some(Tag { scalar: Some(scalar), .. }) = self.tags.find(value.tag)
            && !anew
            && !matches!(value.plugin, Some((b"hparams", _)))
        {
            // The common case first: nothing is allocated.
            if !self.tables.scalars.push(*scalar, place.step, place.time_us, f64::from(number)) {
                self.full();
            }
            return;
        }
        if let Some((b"hparams", content)) = value.plugin {
            if self.scalars_only {
                return;
            }
            match hparams::hparams(content) {
                Ok(hparams) => self.tables.config.extend(hparams),
                Err(_) => self.lost(value, "its hyper-parameters are no message"),
            }
            return;
        }
        if self.tags.find(value.tag).is_none() {
            self.learn(value);
        }
        let Some(tag) = self.tags.find(value.tag).cloned() else {
            self.lost(value, "there are more than 100,000 tags");
            return;
        };
        if anew {
            self.tables.purge_tag(&tag.name, place.step);
        }
        match value.data {
            Data::None => {}
            Data::Simple(number) => self.scalar(&tag, value, place, f64::from(number)),
            Data::Image(_) => self.place(TensorKind::Image, tag.name, place),
            Data::Histogram(_) => self.place(TensorKind::Distribution, tag.name, place),
            Data::Audio(_) => self.place(TensorKind::Tensor, tag.name, place),
            Data::Tensor(bytes) => self.tensor(&tag, value, place, bytes),
        }
    }

    fn tensor(&mut self, tag: &Tag, value: &SummaryValue<'_>, place: Place, bytes: &[u8]) {
        let kind = match tag.plugin.as_str() {
            "images" => TensorKind::Image,
            "histograms" => TensorKind::Distribution,
            "text" => TensorKind::Text,
            "audio" => return self.sounds(tag, value, place, bytes),
            plugin => match decode::kind(bytes) {
                Ok((TensorKind::Tensor, true)) if plugin.is_empty() || plugin == "scalars" => {
                    return match decode::number(bytes) {
                        Some(number) => self.scalar(tag, value, place, number),
                        None => self.lost(value, "the tensor is not what its head says"),
                    };
                }
                Ok((kind, _)) => kind,
                Err(why) => return self.lost(value, why),
            },
        };
        match kind {
            _ if self.scalars_only => {}
            TensorKind::Image => match decode::pictures(bytes).unwrap_or(0) {
                0 => self.lost(value, "pictures are a tensor of width, height and encoded bytes"),
                pictures => self.several(kind, tag, place, pictures),
            },
            TensorKind::Text => {
                let text = Some(bytes).filter(|bytes| bytes.len() <= CONFIG_TEXT_BYTES_MAX).and_then(decode::text);
                if let Some(config) = text.filter(|_| names_config(&tag.name)).and_then(|text| config_from_table(&text))
                {
                    self.tables.config.extend(config);
                }
                self.place(kind, tag.name.clone(), place);
            }
            _ => self.place(kind, tag.name.clone(), place),
        }
    }

    fn scalar(&mut self, tag: &Tag, value: &SummaryValue<'_>, place: Place, number: f64) {
        let Some(scalar) = tag.scalar.or_else(|| self.tables.scalars.number(Axis::GlobalStep, &tag.name)) else {
            return self.lost(value, "there are more than 100,000 tags of scalars");
        };
        if tag.scalar.is_none()
            && let Some(known) = self.tags.find(value.tag)
        {
            known.scalar = Some(scalar);
        }
        if !self.tables.scalars.push(scalar, place.step, place.time_us, number) {
            self.full();
        }
    }

    /// Sounds of one value, side by side.
    fn sounds(&mut self, tag: &Tag, value: &SummaryValue<'_>, place: Place, bytes: &[u8]) {
        match decode::sounds(bytes).unwrap_or(0) {
            _ if self.scalars_only => {}
            0 => self.lost(value, "sounds are a tensor of encoded bytes, with or without labels"),
            sounds => self.several(TensorKind::Tensor, tag, place, sounds),
        }
    }

    /// Elements of one value: the first under its own name, the others with their numbers behind it.
    fn several(&mut self, kind: TensorKind, tag: &Tag, place: Place, count: u32) {
        if count > ELEMENTS_MAX {
            let why = format!("{count} elements of one value, over the limit of {ELEMENTS_MAX}");
            self.tables.lost.note(self.name, "tensors", why);
        }
        for element in 0..count.min(ELEMENTS_MAX) {
            let name = if element == 0 { tag.name.clone() } else { format!("{}/{element}", tag.name) };
            self.place(kind, name, Place { element, ..place });
        }
    }

    fn place(&mut self, kind: TensorKind, name: String, place: Place) {
        if self.scalars_only {
            return;
        }
        let key = (Axis::GlobalStep, name);
        if self.tables.tensors.len() >= TENSOR_TAGS_MAX && !self.tables.tensors.contains_key(&key) {
            return self.tables.lost.note(self.name, "tensors of further tags", TAGS_FULL);
        }
        let tensors = self.tables.tensors.entry(key);
        let tensors = tensors.or_insert_with(|| TensorPlaces { kind, places: Vec::new() });
        if tensors.kind == kind && tensors.places.len() < Tables::PLACES_MAX {
            tensors.places.push(place);
        } else {
            self.tables.lost.note(self.name, "tensors", "a tag holds another kind before, or more than 10 million");
        }
    }

    fn learn(&mut self, value: &SummaryValue<'_>) {
        if self.tags.len() >= Scalars::TAGS_MAX {
            return;
        }
        self.tags.learn(value.tag, value.plugin.map(|(name, _)| name).unwrap_or_default());
    }

    fn lost(&mut self, value: &SummaryValue<'_>, why: &str) {
        let tag: String = String::from_utf8_lossy(value.tag).chars().take(128).collect();
        self.tables.lost.note(self.name, format!("values of {tag:?}"), why);
    }

    fn full(&mut self) {
        self.tables.lost.note(self.name, "points", "a tag has more than 2^26, the most that are held");
    }
}

/// The beginning of a long name, and a checksum of all of it.
fn cut(name: &[u8]) -> String {
    let mut shown = String::from_utf8_lossy(&name[..name.len().min(NAME_BYTES_SHOWN)]).into_owned();
    shown.truncate(shown.floor_char_boundary(NAME_BYTES_SHOWN));
    format!("{shown}…{:016x}", xxh3_64(name))
}

/// Texts that hold hyper-parameters are called so.
fn names_config(tag: &str) -> bool {
    let tag = tag.to_lowercase();
    ["hyper", "hparam", "config", "args", "param", "settings"].iter().any(|word| tag.contains(word))
}
